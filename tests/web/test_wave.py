"""The wave's geometry and words, as look.md fixes them."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import partial

import pytest

from deust.web import wave as module
from deust.web.wave import Bar, Drawing, Group, State

wave = partial(module.wave, text="")


def bars(*values: tuple[int, State, Fraction | int]) -> list[Bar]:
    return [Bar(minutes=minutes, state=state, permille=int(1000 * Fraction(share))) for minutes, state, share in values]


MODULE = bars(
    (18, "done", 1),
    (10, "done", 1),
    (15, "done", 1),
    (25, "done", 1),
    (15, "redo", 0),
    (20, "started", Fraction(2, 5)),
    (20, "todo", 0),
    (45, "late", 0),
    (15, "todo", 0),
    (12, "todo", 0),
    (30, "todo", 0),
    (40, "todo", 0),
)


def shape(drawing: Drawing, style: str) -> str:
    return next(shape.path for shape in drawing.shapes if shape.style == style)


def styles(drawing: Drawing) -> set[str]:
    return {shape.style for shape in drawing.shapes}


def test_a_bar_is_as_high_as_its_minutes_between_the_floor_and_the_cap():
    heights = []
    for minutes in (1, 20, 60, 500):
        path = shape(wave(bars((minutes, "done", 1)), "large").drawings[0], "done")
        down, radius = re.search(r"v([\d.]+)q0 ([\d.]+)", path).groups()
        heights.append(float(down) + 2 * float(radius))
    assert heights == pytest.approx([8, 62, 186, 186], abs=0.3)


def test_large_and_card_have_a_drawing_for_a_desk_and_one_for_a_phone():
    for size in ("large", "card", "diploma", "public"):
        assert [drawing.style for drawing in wave(MODULE, size).drawings] == [f"w-{size} desk", f"w-{size} phone"]
    assert [drawing.style for drawing in wave(MODULE, "small").drawings] == ["w-small"]


def test_the_pitch_is_constant_so_that_a_long_module_looks_long():
    short, long = (wave(MODULE[:count], "large").drawings[0].width for count in (6, 12))
    assert (short, long) == (6 * 64, 12 * 64)


def test_the_pitch_shrinks_then_the_wave_goes_on_to_a_second_line():
    desk, phone = wave(MODULE + MODULE[:8], "large").drawings
    assert desk.width <= 768
    assert shape(desk, "axis").count("M") == 1
    assert phone.width <= 350
    assert shape(phone, "axis").count("M") == 2
    assert shape(wave(MODULE * 5, "large").drawings[0], "axis").count("M") == 2


def test_a_wave_of_two_lines_takes_the_room_it_has_up_to_the_usual_pitch():
    """Bars are not crowded at the left of a phone: eleven of twenty-one stand on each line, their numbers apart."""
    phone = wave(MODULE + MODULE[:9], "large").drawings[1]
    assert phone.width == round(11 * 29.16)
    assert wave(MODULE * 3, "large").drawings[1].width == 350


def test_the_playhead_stands_inside_the_current_bar_at_the_share_done():
    desk = wave(MODULE, "large", current=5).drawings[0]
    (disc,) = desk.discs
    assert float(disc.x) == pytest.approx(5 * 64 + 20 + 24 * 0.4, abs=0.1)
    assert shape(desk, "played").endswith(f"h{disc.x}")
    assert shape(desk, "head").startswith(f"M{disc.x} ")
    assert [text.text for text in desk.texts if text.style == "here"] == ["6"]


def test_without_a_current_item_there_is_no_playhead_and_nothing_was_listened_to():
    desk = wave(MODULE, "large").drawings[0]
    assert not desk.discs
    assert {"head", "played"}.isdisjoint(styles(desk))


def test_on_a_second_line_what_comes_before_is_listened_to_in_full():
    phone = wave(MODULE * 2, "large", current=20).drawings[1]
    assert shape(phone, "played").count("M") == 2
    assert len(phone.discs) == 1


def test_each_state_is_told_apart_without_colour():
    desk = wave(MODULE, "card", current=5).drawings[0]
    assert {"done", "started", "heard", "todo", "redo", "late", "flag"} <= styles(desk)
    assert shape(desk, "redo").count("M") == 2, "cut in two at the axis"
    assert {shape.style: shape.fill for shape in desk.shapes if shape.fill} == {
        "redo": "url(#redo)",
        "late": "url(#late)",
    }


def test_a_tiny_wave_has_neither_axis_nor_playhead_nor_numbers():
    (tiny,) = wave(MODULE, "tiny", current=5).drawings
    assert not tiny.discs
    assert not tiny.texts
    assert styles(tiny) == {"done", "begun", "again", "line", "flag"}


def test_bars_of_the_large_wave_are_links_over_the_whole_column_and_height():
    linked = [Bar(minutes=20, href=f"/modules/m/{number}", label=f"{number}. Écouter") for number in range(1, 13)]
    desk = wave(linked, "large").drawings[0]
    assert [(target.href, target.label) for target in desk.targets] == [(bar.href, bar.label) for bar in linked]
    assert [target.place for target in desk.targets] == [
        f'x="{64 * number}" y="0" width="64" height="{desk.height - 1}"' for number in range(12)
    ]


def test_a_day_without_work_is_a_dash():
    (week,) = wave([Bar(minutes=0, mark="L"), Bar(minutes=60, mark="M")], "week", current=1).drawings
    assert "dash" in styles(week)
    assert [text.text for text in week.texts] == ["L", "M"]


def test_semesters_are_named_under_their_bars_in_short_on_a_phone():
    groups = [Group(label=f"Semestre {n}", short=f"S{n}", bars=2, is_current=n == 2) for n in (1, 2)]
    desk, phone = wave(bars(*[(8, "todo", 0)] * 4), "diploma", groups=groups).drawings
    assert [(text.text, text.style) for text in desk.texts] == [("Semestre 1", ""), ("Semestre 2", "here")]
    assert [text.text for text in phone.texts] == ["S1", "S2"]
    assert {"rule", "rule here"} <= styles(desk)


def test_an_empty_module_draws_nothing_and_still_speaks():
    drawn = wave([], "large", text="Aucune activité")
    assert [(drawing.width, drawing.height, drawing.shapes) for drawing in drawn.drawings] == [(0, 0, ())] * 2
    assert drawn.text == "Aucune activité"
