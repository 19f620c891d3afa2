from __future__ import annotations

from deust.content.gathering import Gathering

TEXT = (
    '<h2 id="s-un">Un</h2><p><a href="#s-un">id="s-un"</a><button popovertarget="term-acd">ACD</button></p>'
    '<div class="table" role="region" tabindex="0" aria-label="Tableau 1"><table></table></div>'
    '<aside popover id="term-acd" class="definition"><p>Partage les appels.</p></aside>'
)


def test_titles_go_one_level_down_and_anchors_stay_apart() -> None:
    first = Gathering().add(TEXT, "p1-")
    assert '<h3 id="p1-s-un">Un</h3>' in first
    assert '<a href="#p1-s-un">id="s-un"</a>' in first
    assert 'popovertarget="term-acd"' in first


def test_a_second_text_numbers_its_tables_on_and_explains_no_term_again() -> None:
    gathering = Gathering()
    assert "Partage les appels." in gathering.add(TEXT, "p1-")
    second = gathering.add(TEXT, "p2-")
    assert "Partage les appels." not in second
    assert 'aria-label="Tableau 2"' in second
