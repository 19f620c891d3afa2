"""Markdown to safe HTML: rendered, then sanitised, then completed with what we alone may add."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from posixpath import dirname, join, normpath
from typing import Any

from anyascii import anyascii
from markdown import Markdown

from deust.content.extensions import CourseExtension
from deust.content.figures import Shelf, is_attached, is_image
from deust.content.limits import excess
from deust.content.sanitising import sanitise
from deust.content.source import FORBIDDEN_CHARACTERS
from deust.content.typography import typeset, typeset_html
from deust.domain.learning import Term

RENDERER_VERSION = "9"
GLOSSARY = "/glossaire"

_EXTENSIONS = [
    "markdown.extensions.tables",
    "markdown.extensions.footnotes",
    "markdown.extensions.def_list",
    "markdown.extensions.abbr",
    "markdown.extensions.attr_list",
    "markdown.extensions.admonition",
    "markdown.extensions.sane_lists",
    "markdown.extensions.toc",
    "pymdownx.details",
    "pymdownx.highlight",
    "pymdownx.superfences",
]
_FIGURE = re.compile("<p[^>]*>\\s*\ue000figure:([0-9]+)\ue001\\s*</p>|\ue000figure:([0-9]+)\ue001")
_EXTERNAL = re.compile(r'<a (?=[^>]*href="https?:)')
_HEADING = re.compile(r"<(/?)h[2-6](?: [^>]*)?>")
_LOST_PICTURE = re.compile(r'<img(?![^>]*\ssrc=)(?:[^>]*\salt="([^"]*)")?[^>]*>')
_ALIGN = re.compile(r' align="(left|right|center)"')
_TABLE = re.compile(r"<table>")
_ONE_PARAGRAPH = re.compile(r"<p>((?:(?!</?p>).)*)</p>", re.DOTALL)
_BAD_KEY = re.compile(r"[^a-z0-9]+")


_MARKED = re.compile(r"[*_`\[\]<>&$\\{}|~\n#\x00-\x1f\ue000-\uf8ff]|^\s|^(?:[-+:=]|!!!|\?\?\?|[0-9]+[.)])")


class TooHeavy(ValueError):
    """The text is beyond what can be rendered in time; the checker says where."""


@dataclass(frozen=True)
class RenderContext:
    """Where a text stands: its file, the addresses it may link to, its module's media, the terms to explain."""

    path: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)
    shelf: Shelf = field(default_factory=lambda: Shelf("", {}, {}))
    terms: tuple[Term, ...] = ()
    prefix: str = ""


def slug(text: str, separator: str = "-") -> str:
    """A heading's anchor: plain letters, so that it reads the same in an address; `s-` keeps it apart."""
    return f"s-{_BAD_KEY.sub(separator, anyascii(text).lower()).strip(separator) or 'titre'}"


def anchor_of(written: str, page: str = "") -> str:
    """The anchor that an author means: of a title, of a note, or of a term of the glossary."""
    if page == GLOSSARY:
        return slug(written).removeprefix("s-")
    return written if written.startswith(("fn", "s-")) else slug(written)


def render(markdown: str, context: RenderContext) -> str:
    """The text as HTML that may be put in a page as it is."""
    if not markdown:
        return ""
    if is_plain(markdown):
        return f"<p>{typeset(markdown.rstrip())}</p>"
    html, _ = render_with_headings(markdown, context)
    return html


def is_plain(markdown: str) -> bool:
    """Whether the text is one line without any mark, which needs no engine."""
    return not _MARKED.search(markdown) and len(markdown) < 2_000


def render_with_headings(markdown: str, context: RenderContext) -> tuple[str, list[dict[str, Any]]]:
    """The HTML, and the headings as the table of contents names them."""
    text = FORBIDDEN_CHARACTERS.sub("\ufffd", markdown)
    found = excess(text)
    if found:
        raise TooHeavy(found[1])
    figures: list[str] = []
    engine = _engine(context, figures)
    html = sanitise(engine.convert(text), lambda tag, address: _address(tag, address, context), prefix=context.prefix)
    html = _completed(html, figures)
    return html, getattr(engine, "toc_tokens", [])


def render_inline(markdown: str, context: RenderContext) -> str:
    """A text of one paragraph without its `<p>`: an option, a title."""
    if is_plain(markdown):
        return typeset(markdown.rstrip())
    html = render(markdown, context).strip()
    one = _ONE_PARAGRAPH.fullmatch(html)
    return one.group(1) if one else html


def _engine(context: RenderContext, figures: list[str]) -> Markdown:
    untold = replace(context.shelf, transcripts={})
    transcript = replace(context, terms=(), prefix=f"{context.prefix}t-", shelf=untold)

    def rendered_transcript(text: str) -> str:
        return _HEADING.sub(r"<\1p>", render(text, transcript))

    return Markdown(
        extensions=[*_EXTENSIONS, CourseExtension(context.shelf, figures, rendered_transcript)],
        extension_configs={
            "markdown.extensions.tables": {"use_align_attribute": True},
            "markdown.extensions.toc": {"slugify": slug, "toc_depth": "2-6"},
            "markdown.extensions.footnotes": {"BACKLINK_TITLE": "Revenir au texte, note %d", "UNIQUE_IDS": False},
            "pymdownx.highlight": {
                "guess_lang": False,
                "linenums": None,
                "use_pygments": True,
                "anchor_linenums": False,
            },
            "pymdownx.superfences": {"custom_fences": []},
        },
        output_format="html",
        tab_length=4,
    )


def _address(tag: str, address: str, context: RenderContext) -> str | None:
    """The final address of a link or a picture; None when it may not be."""
    if tag == "img":
        media = context.shelf.find(address)
        return context.shelf.address(media) if media and is_image(media) else None
    if address.startswith("#"):
        return f"#{anchor_of(address[1:])}"
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", address) or address.startswith("/"):
        return address
    media = context.shelf.find(address)
    if media is not None:
        return context.shelf.address(media) if is_attached(media) or is_image(media) else None
    return page_address(address, context.path, context.pages)


def page_address(address: str, path: str, pages: Mapping[str, str]) -> str | None:
    """The address of a relative link to a course file, seen from the file that holds it."""
    target, _, anchor = address.partition("#")
    page = pages.get(normpath(join(dirname(path), target)))
    if page is None:
        return None
    return f"{page}#{anchor_of(anchor, page)}" if anchor else page


def _completed(html: str, figures: list[str]) -> str:
    html = typeset_html(html)
    html = _LOST_PICTURE.sub(lambda lost: lost.group(1) or "", html)
    html = _ALIGN.sub(r' class="\1"', html.replace(' class=""', ""))
    html = _EXTERNAL.sub('<a rel="noopener" ', html)
    count = 0

    def region(_: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return f'<div class="table" role="region" tabindex="0" aria-label="Tableau {count}"><table>'

    html = _TABLE.sub(region, html).replace("</table>", "</table></div>")
    return _FIGURE.sub(lambda mark: _figure(int(mark.group(1) or mark.group(2)), figures), html)


def _figure(number: int, figures: list[str]) -> str:
    """What a mark stands for: nothing, when the author wrote the mark."""
    return figures[number] if number < len(figures) else ""
