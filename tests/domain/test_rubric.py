from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain import rubric
from deust.domain.errors import InvalidAnswer
from deust.domain.rubric import NOT_APPLICABLE, Criterion, Grid, carried, score

LEVELS = {"conforme": Fraction(1), "partiel": Fraction(1, 2), "non conforme": Fraction(0)}


def criterion(name: str, points: int = 5, **fields: object) -> Criterion:
    return Criterion(id=name, phase="P", title=name, points=Fraction(points), **fields)  # type: ignore[arg-type]


def grid(*criteria: Criterion, levels: dict[str, Fraction] = LEVELS) -> Grid:
    return Grid(title="G", levels=levels, criteria=criteria)


LISTENING = grid(
    *(
        criterion(name, points)
        for name, points in (
            *(("A1", 4), ("A2", 3), ("A3", 3), ("B1", 5), ("B2", 8), ("B3", 7), ("C1", 8), ("C2", 12), ("C3", 6)),
            *(("C4", 4), ("D1", 8), ("D2", 6), ("D3", 6), ("E1", 6), ("E2", 3), ("E3", 3), ("F1", 5), ("F2", 3)),
        )
    )
)


def test_the_worked_example_of_the_listening_grid() -> None:
    """All « conforme » but B2 and D1 « partiel », E2 at zero and C4 not applicable: 85 of 96 points, 17,71 of 20."""
    chosen = {one.id: "conforme" for one in LISTENING.criteria}
    chosen |= {"B2": "partiel", "D1": "partiel", "E2": "non conforme", "C4": NOT_APPLICABLE}
    found = score(LISTENING, chosen)
    assert (LISTENING.points, found.applicable, found.earned) == (100, 96, 85)
    assert round(20 * found.share, 2) == Fraction(1771, 100)  # type: ignore[operator]


def test_what_is_not_rated_is_missing_and_counts_for_nothing() -> None:
    found = score(grid(criterion("a"), criterion("b")), {"a": "partiel"})
    assert (found.earned, found.applicable, found.missing, found.is_whole) == (Fraction(5, 2), 5, ("b",), False)


def test_nothing_applies_and_there_is_no_share() -> None:
    found = score(grid(criterion("a")), {"a": NOT_APPLICABLE})
    assert (found.share, found.is_whole) == (None, True)


def test_only_the_level_worth_nothing_eliminates() -> None:
    eliminatory = grid(criterion("a", is_eliminatory=True), criterion("b"))
    assert score(eliminatory, {"a": "non conforme", "b": "conforme"}).eliminated_by == ("a",)
    assert score(eliminatory, {"a": "partiel", "b": "non conforme"}).eliminated_by == ()
    assert score(eliminatory, {"a": NOT_APPLICABLE, "b": "conforme"}).eliminated_by == ()


@pytest.mark.parametrize("chosen", [{"z": "conforme"}, {"a": "excellent"}])
def test_a_strange_criterion_or_level_is_refused(chosen: dict[str, str]) -> None:
    with pytest.raises(InvalidAnswer):
        score(grid(criterion("a")), chosen)


CHOICES = st.fixed_dictionaries(
    {one.id: st.sampled_from([*LEVELS, NOT_APPLICABLE, ""]) for one in LISTENING.criteria}
).map(lambda chosen: {name: level for name, level in chosen.items() if level})


@given(CHOICES)
def test_a_share_is_exact_and_between_none_and_all(chosen: dict[str, str]) -> None:
    found = score(LISTENING, chosen)
    assert 0 <= found.earned <= found.applicable <= LISTENING.points
    assert found.share is None or found.share * found.applicable == found.earned
    assert set(found.missing) == {one.id for one in LISTENING.criteria} - chosen.keys()


@given(CHOICES, st.sampled_from([one.id for one in LISTENING.criteria]))
def test_a_better_level_never_lowers_the_points(chosen: dict[str, str], name: str) -> None:
    low, high = score(LISTENING, {**chosen, name: "partiel"}), score(LISTENING, {**chosen, name: "conforme"})
    assert high.earned > low.earned
    assert high.applicable == low.applicable


def test_a_grid_comes_back_from_json_with_the_same_hash() -> None:
    described = grid(criterion("a", describe={"conforme": "Tout y est."}, is_eliminatory=True))
    assert rubric.from_json(rubric.to_json(described)) == described
    assert rubric.set_hash({"": described}) != rubric.set_hash(
        {"": grid(criterion("a", describe={"conforme": "Presque."}))}
    )


def test_what_an_edited_grid_keeps_and_asks_again() -> None:
    old = grid(criterion("a"), criterion("b"), criterion("c"))
    new = grid(
        criterion("a", 8), criterion("c"), criterion("d"), levels={"conforme": Fraction(1), "non conforme": Fraction(0)}
    )
    change = carried({"a": "conforme", "b": "conforme", "c": "partiel"}, old=old, new=new)
    assert change.chosen == {"a": "conforme"}
    assert change.to_rate == ("c", "d")
