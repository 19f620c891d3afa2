"""The programme, its modules and their items, as read from the course files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from deust.domain.assignments import Terms
from deust.domain.questions import HUMAN_MARKED, Question
from deust.domain.quizzes import Advice, QuizSettings
from deust.domain.rubric import WHOLE, Grid


class Kind(StrEnum):
    LESSON = "lesson"
    QUIZ = "quiz"
    CALL = "call"
    ASSIGNMENT = "assignment"


class Completion(StrEnum):
    """What makes an item done: `complete:` in the front matter, else the default of its kind."""

    OPENED = "opened"
    READ = "read"
    CHECKED = "checked"
    PASSED = "passed"
    ATTEMPTED = "attempted"
    HANDED_IN = "handed-in"


DEFAULT_COMPLETION: Mapping[Kind, Completion] = {
    Kind.LESSON: Completion.CHECKED,
    Kind.QUIZ: Completion.PASSED,
    Kind.CALL: Completion.HANDED_IN,
    Kind.ASSIGNMENT: Completion.HANDED_IN,
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    id: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Item:
    """One activity of a module. `ref` is `module/item`: the key of everything kept about it."""

    module: str
    id: str
    kind: Kind
    number: int
    title: str
    minutes: int
    completion: Completion
    week: int | None = None
    due_week: int | None = None
    outcomes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    is_public: bool = False
    aliases: tuple[str, ...] = ()
    version: str = ""
    path: str = field(default="", compare=False)

    @cached_property
    def ref(self) -> str:
        return f"{self.module}/{self.id}"

    @property
    def refs(self) -> list[str]:
        """The references under which anything about the item may be kept: its own, then its former ones."""
        return [self.ref, *(f"{self.module}/{alias}" for alias in self.aliases)]


@dataclass(frozen=True, kw_only=True)
class Heading:
    level: int
    anchor: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Lesson(Item):
    """`body` is Markdown; `checks` are its check-yourself questions, in order."""

    body: str = ""
    checks: tuple[Question, ...] = ()
    sources: tuple[str, ...] = ()
    reviewed: str | None = None
    valid_until: str | None = None

    def is_outdated(self, today: date) -> bool:
        """Whether it should have been reviewed by now."""
        return self.valid_until is not None and self.valid_until < today.isoformat()


@dataclass(frozen=True, kw_only=True)
class Quiz(Item):
    """`sections` are the level-1 headings in order; each question names its own. `advice` follows a result, by tag.

    `grids` holds the grids that questions marked by a person name. `counts` is False for a graded quiz that is marked
    out of twenty without entering the mark of its ECUE.
    """

    settings: QuizSettings
    intro: str = ""
    sections: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    advice: tuple[Advice, ...] = ()
    grids: Mapping[str, Grid] = field(default_factory=dict)
    counts: bool = True

    @property
    def is_marked_by_a_person(self) -> bool:
        """Whether a question waits for a tutor; every part of an assignment does."""
        return any(isinstance(one.answer, HUMAN_MARKED) for one in self.questions)

    @property
    def marked_with(self) -> dict[str, Grid]:
        """The grids that rate answers, by question id."""
        named = {one.id: one.grid_name for one in self.questions}
        return {id_: self.grids[name] for id_, name in named.items() if name and name in self.grids}


@dataclass(frozen=True, kw_only=True)
class Assignment(Quiz):
    """What is handed in on one page and marked by a person: its questions are its parts, its `intro` the brief.

    The first part carries the points. `expected` is for markers only.
    """

    terms: Terms
    expected: str = ""
    grid_name: str | None = None

    @property
    def grid(self) -> Grid | None:
        return self.grids.get(self.grid_name) if self.grid_name else None

    @property
    def marked_with(self) -> dict[str, Grid]:
        """Its grid, which rates the whole copy."""
        return {WHOLE: self.grid} if self.grid else {}


@dataclass(frozen=True, kw_only=True)
class Announced(Item):
    """A call: listed « bientôt » until its own work arrives; `meta` keeps its front matter."""

    meta: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RenderedLesson:
    """A lesson ready for the page: HTML pieces and, between them, the questions to place.

    `parts` alternates in reading order: ("html", markup) or ("check", question id); `checks` are rendered questions.
    """

    parts: tuple[tuple[str, str], ...]
    headings: tuple[Heading, ...]
    checks: Mapping[str, Question]


@dataclass(frozen=True, kw_only=True)
class Module:
    """`is_planned` modules are described before they are written."""

    id: str
    title: str
    hours: int
    intro: str = ""
    outcomes: tuple[Outcome, ...] = ()
    requires: tuple[str, ...] = ()
    is_public: bool = False
    is_planned: bool = False
    items: tuple[Lesson | Quiz | Announced, ...] = ()

    def item(self, item_id: str) -> Lesson | Quiz | Announced | None:
        return next((item for item in self.items if item.id == item_id or item_id in item.aliases), None)


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """One épreuve of an ECUE: `kind` CC or ET, `weight` in per cent; `shared` names a mark several ECUE share."""

    id: str
    kind: str
    weight: int
    title: str = ""
    item: str | None = None
    shared: str | None = None


@dataclass(frozen=True, kw_only=True)
class Component:
    """An ECUE."""

    id: str
    title: str
    coefficient: int
    hours: int
    module: str | None = None
    stage_weeks: int | None = None
    stage_hours: int | None = None
    assessments: tuple[Assessment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A UE; its coefficient is its ECTS unless written."""

    id: str
    title: str
    ects: int
    coefficient: int
    blocks: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Semester:
    id: str
    ects: int
    units: tuple[Unit, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Year:
    id: str
    semesters: tuple[Semester, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Term:
    """A glossary entry; `long` is the full form of an abbreviation."""

    slug: str
    name: str
    long: str
    definition: str


def whole_reference(written: str, module_id: str) -> str:
    """What an author writes in a module to name an item, `item` of the same module or `module/item`, as the latter."""
    return written if "/" in written else f"{module_id}/{written}"


@dataclass(frozen=True, kw_only=True)
class Programme:
    """`beside` names the modules that belong to no ECUE: a positioning test, documents for the public."""

    id: str
    title: str
    diploma: str
    level: int
    blocks: Mapping[str, str]
    years: tuple[Year, ...]
    modules: Mapping[str, Module]
    glossary: tuple[Term, ...] = ()
    m3c: Mapping[str, object] = field(default_factory=dict)
    version: str = ""
    beside: tuple[str, ...] = ()

    @property
    def semesters(self) -> tuple[Semester, ...]:
        return tuple(semester for year in self.years for semester in year.semesters)

    def find_item(self, ref: str) -> Lesson | Quiz | Announced | None:
        """The item of a `module/item` reference, by its present id or an alias."""
        module_id, _, item_id = ref.partition("/")
        module = self.modules.get(module_id)
        return module.item(item_id) if module else None

    @cached_property
    def prerequisites(self) -> Mapping[str, tuple[Lesson | Quiz | Announced, ...]]:
        """The items to finish before each that waits for some: those it names, and every item of the modules its module
        asks for; what is announced holds nobody back.
        """
        waiting = (
            (item, module)
            for module in self.modules.values()
            for item in module.items
            if item.requires or module.requires
        )
        return {item.ref: self._required_by(item, module) for item, module in waiting}

    def _required_by(self, item: Lesson | Quiz | Announced, module: Module) -> tuple[Lesson | Quiz | Announced, ...]:
        named = (self.find_item(whole_reference(ref, module.id)) for ref in item.requires)
        modules = (self.modules.get(module_id) for module_id in module.requires)
        wanted = [required for required in named if required is not None]
        wanted += [required for needed in modules if needed is not None for required in needed.items]
        return tuple(required for required in wanted if not isinstance(required, Announced))

    @cached_property
    def places(self) -> Mapping[str, tuple[Semester, Unit, Component]]:
        """The semester, UE and ECUE that each module teaches, in the order of the programme."""
        return {
            component.module: (semester, unit, component)
            for semester in self.semesters
            for unit in semester.units
            for component in unit.components
            if component.module is not None
        }

    @property
    def modules_in_order(self) -> list[Module]:
        """The modules in the order of the programme; one that no ECUE names comes last."""
        names = [name for name in self.places if name in self.modules]
        names += [name for name in self.modules if name not in self.places]
        return [self.modules[name] for name in names]

    def place_of(self, module_id: str) -> tuple[Semester, Unit, Component] | None:
        """The semester, UE and ECUE that a module teaches."""
        return self.places.get(module_id)


def points_of(questions: tuple[Question, ...]) -> Fraction:
    """The points a paper is marked out of."""
    return sum((question.points for question in questions), Fraction(0))
