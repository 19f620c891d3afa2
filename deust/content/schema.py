"""The keys that each item's front matter may hold, with their types and defaults."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from deust.content.fields import (
    Bytes,
    Code,
    Count,
    Day,
    Days,
    DueWeek,
    Exact,
    Id,
    Minutes,
    Seconds,
    Share,
    Strict,
    Text,
    Title,
    Week,
)
from deust.domain.learning import Completion
from deust.domain.quizzes import Keep, Mode, Moment, Paging

ItemReference = Annotated[str, Field(pattern=r"^[a-z0-9-]+(/[a-z0-9-]+)?$")]
Loose = Field(strict=False)


class ItemHeader(Strict):
    """What every item may say."""

    title: Title
    minutes: Minutes | None = None
    outcomes: list[Id] = Field(default_factory=list)
    requires: list[ItemReference] = Field(default_factory=list)
    complete: Annotated[Completion, Loose] | None = None
    week: Week | None = None
    due: DueWeek | None = None
    public: bool = False
    aliases: list[Id] = Field(default_factory=list)


class LessonHeader(ItemHeader):
    kind: Literal["lesson"] = "lesson"
    sources: list[Text] = Field(default_factory=list)
    reviewed: Day | None = None
    valid_until: Day | None = None


class ShowHeader(Strict):
    correctness: Annotated[Moment, Loose] | None = None
    feedback: Annotated[Moment, Loose] | None = None
    answers: Annotated[Moment, Loose] | None = None
    score: Annotated[Moment, Loose] | None = None


def _attempts(value: Any) -> Any:
    if value == "unlimited" or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 100):
        return value
    raise ValueError("« unlimited » ou un nombre de 1 à 100")


def _draw(value: Any) -> Any:
    counts = value.values() if isinstance(value, dict) and value else [value]
    if all(isinstance(count, int) and not isinstance(count, bool) and count > 0 for count in counts):
        return value
    raise ValueError("un nombre de questions, ou un nombre par étiquette : {accueil: 3}")


class AdviceHeader(Strict):
    below: Share | None = None
    say: Text
    to: ItemReference | None = None


class QuizHeader(ItemHeader):
    kind: Literal["quiz"]
    mode: Annotated[Mode, Loose]
    attempts: Annotated[int | str, BeforeValidator(_attempts)] | None = None
    keep: Annotated[Keep, Loose] | None = None
    time: Seconds | None = None
    pass_share: Share | None = Field(default=None, alias="pass")
    paging: Annotated[Paging, Loose] = Paging.ONE
    shuffle: list[Literal["questions", "options"]] | None = None
    draw: Annotated[int | dict[str, int], BeforeValidator(_draw)] | None = None
    show: ShowHeader = ShowHeader()
    advice: dict[str, Annotated[list[AdviceHeader], Field(min_length=1)]] = Field(default_factory=dict)
    counts: bool = True


class Persona(Strict):
    name: Text
    voice: Text | None = None
    mood: Text | None = None


class CallHeader(ItemHeader):
    kind: Literal["call"]
    direction: Literal["incoming", "outgoing"]
    persona: Persona
    grid: Text
    mode: Literal["training", "exam"] = "training"
    crm: dict[str, Any] = Field(default_factory=dict)
    state: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Exact] = Field(default_factory=dict)


class FilesAllowed(Strict):
    max: Count = 1
    accept: list[Text]
    size: Bytes


class VoiceAllowed(Strict):
    max: Seconds


class HandIn(Strict):
    text: bool = False
    files: FilesAllowed | None = None
    voice: VoiceAllowed | None = None


class Late(Strict):
    until: Days
    penalty: Annotated[str, Field(pattern=r"^\d{1,2}([.,]\d{1,2})? per day$")] | None = None


class AssignmentHeader(ItemHeader):
    kind: Literal["assignment"]
    hand_in: HandIn
    out_of: Exact = Field(default=20, validate_default=True)
    step: Exact | None = None
    grid: Text | None = None
    late: Late | None = None
    resubmit: Literal["never", "by-tutor", "until-pass"] = "never"
    anonymous: bool = False
    markers: Literal[1, 2] = 1
    gap: Exact | None = None
    turnaround: Days | None = None


class OutcomeHeader(Strict):
    id: Id
    title: Title


class ModuleHeader(Strict):
    title: Title
    hours: Annotated[int, Field(ge=0, le=1000)] | None = None
    outcomes: list[OutcomeHeader] = Field(default_factory=list)
    requires: list[Id] = Field(default_factory=list)
    public: bool = False
    status: Literal["planned"] | None = None


class Criterion(Strict):
    id: Code
    phase: Text
    title: Title
    points: Exact
    eliminatory: list[Literal["incoming", "outgoing"]] = Field(default_factory=list)
    describe: dict[str, Text] = Field(default_factory=dict)


class Grid(Strict):
    title: Title
    levels: Annotated[dict[str, Exact], Field(min_length=1)]
    criteria: Annotated[list[Criterion], Field(min_length=1)]


ITEM_HEADERS: dict[str, type[ItemHeader]] = {
    "lesson": LessonHeader,
    "quiz": QuizHeader,
    "call": CallHeader,
    "assignment": AssignmentHeader,
}
