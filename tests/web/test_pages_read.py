"""The tests read pages as html5lib does: what it finds wrong is found wrong, and the tree is the same."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest
from html5lib import HTMLParser
from html5lib.html5parser import ParseError

from tests.support.clients import Client
from tests.support.markup import read_page

PAGE = '<!doctype html>\n<html lang="fr">\n<head><title>Leçon</title></head>\n<body>{}</body>\n</html>\n'

WELL_WRITTEN = (
    "<p>Bonjour&nbsp;: 2 &lt; 3 &amp; 4.</p>",
    '<a href="/a?b=1&amp;c=2" title="l&#39;accueil" data-x=\'y\' HIDDEN>x</a>',
    "<input required\n\tname=x><br/><textarea>\n<p>a</p></textarea>",
    '<svg viewBox="0 0 9 9"><path d="M0 0"/></svg>',
    "<script>if (a < b) c('</p>');</script><!-- <p> -->",
    "<ul><li>a<li>b</ul><table><tr><td>1</table>",
)

WRONG = (
    '<p id="a" id="b">x</p>',
    '<p class="a"id="b">x</p>',
    "<p>x</div>",
    '<p title="a & b &foo; c">x</p>',
    '<p title="a&ampb">x</p>',
    "<p / title=x>x</p>",
    "<div/>",
    '<a href="x>y</a>',
    "<b><p></b></p>",
    "</p class=x>",
    '<p title="\0">x</p>',
    "<p\0>x</p>",
    "a & b &unknown; <",
    "<ul><li>x</ul></ul>",
)


def read_by_html5lib(text: str) -> Element:
    tree: Element = HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    return tree


def flat(tree: Element) -> list[tuple[object, ...]]:
    return [(one.tag, list(one.attrib.items()), one.text, one.tail) for one in tree.iter()]


@pytest.mark.parametrize("body", WELL_WRITTEN)
def test_what_is_well_written_gives_the_same_tree(body: str) -> None:
    page = PAGE.format(body)
    assert flat(read_page(page)) == flat(read_by_html5lib(page))


@pytest.mark.parametrize("body", WRONG)
def test_what_is_wrong_is_told_in_the_same_words(body: str) -> None:
    page = PAGE.format(body)
    with pytest.raises(ParseError) as theirs:
        read_by_html5lib(page)
    with pytest.raises(ParseError) as ours:
        read_page(page)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("path", ["/", "/connexion", "/glossaire", "/lecons/ec101-accueil/saluer"])
def test_a_page_gives_the_same_tree(client: Client, path: str) -> None:
    page = client.get(path).get_data(as_text=True)
    assert flat(read_page(page)) == flat(read_by_html5lib(page))
