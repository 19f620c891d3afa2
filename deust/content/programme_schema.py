"""The keys of `programme.yml` and `m3c.yml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from deust.content.fields import Code, Day, Exact, Id, Strict, Text, Title

Whole = Annotated[int, Field(ge=0, le=2000)]
Mark = Annotated[Exact, Field(ge=0, le=20)]


class AssessmentEntry(Strict):
    id: Id
    kind: Literal["CC", "ET"]
    weight: Annotated[int, Field(ge=1, le=100)]
    title: Title | None = None
    item: Id | None = None
    shared: Code | None = None


class ComponentEntry(Strict):
    id: Code
    title: Title
    coefficient: Annotated[int, Field(ge=1, le=60)]
    hours: Whole
    module: Id | None = None
    stage_weeks: Whole | None = None
    stage_hours: Whole | None = None
    assessments: list[AssessmentEntry] = Field(default_factory=list)


class UnitEntry(Strict):
    id: Code
    title: Title
    ects: Annotated[int, Field(ge=0, le=60)]
    coefficient: Annotated[int, Field(ge=1, le=60)] | None = None
    blocks: list[Code] = Field(default_factory=list)
    components: list[ComponentEntry] = Field(default_factory=list)


class SemesterEntry(Strict):
    id: Code
    ects: Annotated[int, Field(ge=0, le=60)]
    units: list[UnitEntry] = Field(default_factory=list)


class YearEntry(Strict):
    id: Code
    semesters: list[SemesterEntry] = Field(default_factory=list)


class ProgrammeFile(Strict):
    title: Title
    diploma: Text
    level: Annotated[int, Field(ge=1, le=8)]
    blocks: dict[str, Text] = Field(default_factory=dict)
    years: list[YearEntry] = Field(default_factory=list)
    beside: list[Id] = Field(default_factory=list)


class Rounding(Strict):
    decimales: Annotated[int, Field(ge=0, le=6)] = 2
    mode: Literal["demi-superieur", "troncature"] = "demi-superieur"


class KeptMark(Strict):
    seuil: Mark
    annees: Annotated[int, Field(ge=1, le=20)]


class Refusal(Strict):
    admis: bool
    jours_apres_jury: Annotated[int, Field(ge=0, le=365)] = 8


class Floor(Strict):
    plancher: Mark


NoneOrMark = Literal["aucun"] | Mark


class M3cFile(Strict):
    """The grading policy of a year; an absent key takes the value shown here."""

    version: Annotated[int, Field(ge=1)]
    year: Annotated[str, Field(pattern=r"^\d{4}-\d{4}$")]
    locked_on: Day | None = None
    seuil_validation: Mark = Field(default=10, validate_default=True)
    arrondi: Rounding = Rounding()
    compensation_ecue_dans_ue: bool | Floor = True
    compensation_ue: Literal["semestre", "bloc", "aucune"] = "semestre"
    compensation_annuelle: bool = True
    plancher_ue: NoneOrMark = "aucun"
    plancher_semestre: NoneOrMark = Field(default=8, validate_default=True)
    ue_non_compensables: list[Code] = Field(default_factory=lambda: ["UE44"])
    abi_controle_terminal: Literal["DEF", "zero"] = "DEF"
    abi_controle_continu: Literal["zero", "DEF"] = "zero"
    abj_controle_continu: Literal["neutralise", "remplacement"] = "neutralise"
    abj_controle_terminal: Literal["remplacement", "session2", "DEF"] = "remplacement"
    session2_perimetre: Literal["ecue-non-acquis", "ue-entiere"] = "ecue-non-acquis"
    session2_note: Literal["max", "remplace"] = "max"
    session2_absence: Literal["garde-session1", "DEF", "annule-session1"] = "garde-session1"
    session2_cc: Literal["si-favorable", "abandonne"] = "si-favorable"
    conservation_ecue: Literal["aucune"] | KeptMark = Field(
        default={"seuil": 10, "annees": 4},
        validate_default=True,
    )
    mention_base: Literal["moyenne-quatre-semestres", "derniere-annee", "aucune-apres-session2"] = (
        "moyenne-quatre-semestres"
    )
    refus_compensation: Refusal = Refusal(admis=True)
    progression: Literal["un-semestre-acquis", "toutes-ue"] = "un-semestre-acquis"
