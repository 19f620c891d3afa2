from __future__ import annotations

from deust.content.gathering import Gathering

TEXT = (
    '<h2 id="s-un">Un</h2><p><a href="#s-un">id="s-un"</a><button popovertarget="term-acd">ACD</button></p>'
    '<div class="table" role="region" tabindex="0" aria-label="Tableau 1"><table></table></div>'
    '<aside popover id="term-acd" class="definition"><p>Partage les appels.</p></aside>'
)


def test_titles_go_one_level_down_and_anchors_stay_apart() -> None:
    first = Gathering().add([TEXT], "p1-")[0]
    assert '<h3 id="p1-s-un">Un</h3>' in first
    assert '<a href="#p1-s-un">id="s-un"</a>' in first
    assert 'popovertarget="term-acd"' in first


def test_only_a_title_that_is_linked_keeps_its_anchor() -> None:
    title, link = '<h2 id="s-a">A</h2><h3 id="s-b">B</h3>', '<p><a href="#s-b">b</a></p>'
    assert Gathering().add([title, link], "p1-") == [
        '<h3>A</h3><h4 id="p1-s-b">B</h4>',
        '<p><a href="#p1-s-b">b</a></p>',
    ]


def test_a_second_text_numbers_its_tables_on_and_explains_no_term_again() -> None:
    gathering = Gathering()
    assert "Partage les appels." in gathering.add([TEXT], "p1-")[0]
    second = gathering.add([TEXT], "p2-")[0]
    assert "Partage les appels." not in second
    assert 'aria-label="Tableau 2"' in second
