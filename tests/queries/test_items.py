"""What a locked activity says must be finished first."""

from __future__ import annotations

from deust.queries.items import Before, finish_first
from tests.support.programmes import a_lesson, a_module, a_programme


def test_an_activity_is_named_once_and_a_module_asked_for_whole_by_its_title() -> None:
    first, second = (a_lesson(name, module="ec111") for name in ("un", "deux"))
    own, last = a_lesson("trois"), a_lesson("quatre", requires=("trois", "ec131/trois"))
    before = a_module(first, second, id="ec111", title="Le secteur")
    programme = a_programme([before, a_module(own, last, requires=("ec111",))])
    assert finish_first(last, (own, own, first, second), programme) == (
        Before(title="Trois", url="/modules/ec131/trois"),
        Before(title="Le secteur", url="/modules/ec111", count=2),
    )
    assert finish_first(last, (), programme) == ()


def test_an_activity_of_another_module_named_alone_keeps_its_own_address() -> None:
    first, last = a_lesson("un", module="ec111"), a_lesson("quatre", requires=("ec111/un",))
    programme = a_programme([a_module(first, id="ec111"), a_module(last)])
    assert finish_first(last, (first,), programme) == (Before(title="Un", url="/modules/ec111/un"),)
