from __future__ import annotations

import random
from fractions import Fraction

import pytest

from deust.content.lines import number_lines
from deust.content.problems import Report
from deust.content.quizzes import check_settings, read_questions, settings_of, split_body
from deust.content.schema import QuizHeader
from deust.domain.attempts import draw_questions
from deust.domain.questions import (
    AnswerBlock,
    Choice,
    Cloze,
    Essay,
    File,
    Info,
    Matching,
    Numeric,
    NumericKey,
    Option,
    Ordering,
    Question,
    Short,
    ShortKey,
    TrueFalse,
    Variable,
    Voice,
    type_of,
)


def questions(text: str) -> tuple[tuple[Question, ...], list[str]]:
    report = Report("quiz.md")
    found = read_questions(split_body(number_lines(text.split("\n")), report), report)
    return found, [str(problem) for problem in report.problems]


def question(body: str, attributes: str = "") -> Question:
    found, problems = questions(f"## Titre {{#q {attributes}}}\n{body}\n")
    assert problems == []
    return found[0]


BLOCKS: list[tuple[str, str, AnswerBlock]] = [
    (
        "",
        "- ( ) un\n  > non\n- (x) deux\n  suite",
        Choice(
            options=(Option(text="un", is_right=False, feedback="non"), Option(text="deux\nsuite", is_right=True)),
            several=False,
        ),
    ),
    (
        "",
        "- [x 50%] a\n- [X 50 %] b\n- [ -25%] c",
        Choice(
            options=(
                Option(text="a", is_right=True, weight=Fraction(1, 2)),
                Option(text="b", is_right=True, weight=Fraction(1, 2)),
                Option(text="c", is_right=False, weight=Fraction(-1, 4)),
            ),
            several=True,
        ),
    ),
    ("", "= Vrai", TrueFalse(value=True)),
    ("", "= faux", TrueFalse(value=False)),
    (
        "",
        "= 26,67 ± 0,05 erlangs\n  > bravo\n= 1 200..1 300 s (50%)",
        Numeric(
            keys=(
                NumericKey(value=Fraction(2667, 100), tolerance=Fraction(1, 20), unit="erlangs", feedback="bravo"),
                NumericKey(value=Fraction(1250), tolerance=Fraction(50), unit="s", share=Fraction(1, 2)),
            )
        ),
    ),
    ("", "= -3", Numeric(keys=(NumericKey(value=Fraction(-3)),))),
    ("", "= 75 %", Numeric(keys=(NumericKey(value=Fraction(75), unit="%"),))),
    ("type=short", "= 1998", Short(keys=(ShortKey(variants=("1998",)),))),
    (
        "",
        "= DMT | durée moyenne\n= /dur[ée]e.*/\n~ temps (50%)\n> presque",
        Short(
            keys=(
                ShortKey(variants=("DMT", "durée moyenne")),
                ShortKey(variants=("dur[ée]e.*",), is_pattern=True),
                ShortKey(variants=("temps",), share=Fraction(1, 2), feedback="presque"),
            )
        ),
    ),
    (
        "",
        "- ACD => distribue\n- SVI => répond\n- => leurre",
        Matching(pairs=(("ACD", "distribue"), ("SVI", "répond")), distractors=("leurre",)),
    ),
    ("", "Rangez.\n\n1. un\n2. deux\n3. trois", Ordering(items=("un", "deux", "trois"))),
    ("all-or-nothing", "1. un\n2. deux", Ordering(items=("un", "deux"), all_or_nothing=True)),
    (
        "",
        "J'ai [[compris | entendu]] [[( ) pour | (x) avant]] [[= 6 ± 1]] `[[code]]`.",
        Cloze(
            gaps=(
                Short(keys=(ShortKey(variants=("compris", "entendu")),)),
                Choice(
                    options=(Option(text="pour", is_right=False), Option(text="avant", is_right=True)), several=False
                ),
                Numeric(keys=(NumericKey(value=Fraction(6), tolerance=Fraction(1)),)),
            )
        ),
    ),
    (
        "type=essay words=120-300 grid=grilles/x.yml",
        "Écrivez.\n### Attendus\n- un",
        Essay(min_words=120, max_words=300, expected="- un", grid="grilles/x.yml"),
    ),
    ("type=essay words=200", "Écrivez.", Essay(max_words=200)),
    ("type=voice max=90s", "Parlez.", Voice(max_seconds=90)),
    ('type=file accept="pdf, .odt" max=10MB', "Joignez.", File(accept=("pdf", "odt"), max_bytes=10_000_000)),
    ("type=info", "Lisez.", Info()),
]


@pytest.mark.parametrize(("attributes", "body", "expected"), BLOCKS, ids=[row[1][:24] for row in BLOCKS])
def test_an_answer_block_is_read(attributes: str, body: str, expected: AnswerBlock) -> None:
    assert question(body, attributes).answer == expected


def test_gaps_are_numbered_in_the_stem() -> None:
    found = question("Le [[a]] et\nle [[b]].\n\n> commentaire")
    assert (found.stem, found.feedback) == ("Le [[1]] et\nle [[2]].", "commentaire")


def test_a_calculated_question_keeps_its_numbers_and_expressions() -> None:
    drawn = "```vars\ncalls = 120..360 step 20  # appels\naht = 2,5\n```\n"
    found = question(f"{drawn}{{{{ calls }}}} appels.\n\n= {{{{ calls * aht }}}} ± {{{{ aht }}}} min")
    assert type_of(found) == "calculated"
    assert found.variables == (
        Variable(name="calls", low=Fraction(120), high=Fraction(360), step=Fraction(20)),
        Variable(name="aht", low=Fraction(5, 2), high=Fraction(5, 2), step=Fraction(1)),
    )
    assert found.stem == "{{ calls }} appels."
    assert found.answer == Numeric(keys=(NumericKey(value="calls * aht", tolerance="aht", unit="min"),))


def test_stem_hints_and_feedback_are_told_apart() -> None:
    found = question("Énoncé.\n\n> Une citation.\n\n- (x) a\n- ( ) b\n\n>? un\n>? deux\n> trois\n>\n> quatre")
    assert found.stem == "Énoncé.\n\n> Une citation."
    assert found.hints == ("un", "deux")
    assert found.feedback == "trois\n\nquatre"


def test_a_quotation_right_under_a_value_is_its_feedback_and_after_a_blank_line_the_general_one() -> None:
    under, after = question("= 3\n> bravo"), question("= 3\n\n> bravo")
    assert isinstance(under.answer, Numeric)
    assert (under.answer.keys[0].feedback, under.feedback) == ("bravo", "")
    assert after.feedback == "bravo"


def test_points_tags_and_outcome_come_from_the_heading() -> None:
    found = question("= vrai", 'points=2,5 tags="a, b" outcome=conduire')
    assert (found.points, found.tags, found.outcome) == (Fraction(5, 2), ("a", "b"), "conduire")


def test_sections_are_the_level_one_headings() -> None:
    found, problems = questions("Intro\n\n# Un\n\n## A {#a}\n= vrai\n\n# Deux\n## B {#b}\n= faux\n")
    assert problems == []
    assert [one.section for one in found] == ["Un", "Deux"]
    assert [one.line for one in found] == [5, 9]


def test_signs_of_answers_inside_code_are_text() -> None:
    found = question("```text\n- (x) pas une réponse\n= rien\n```\n\n- (x) oui\n- ( ) non")
    assert "- (x) pas une réponse" in found.stem


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("- (x) a\n- ( ) b\n= 3", "plusieurs sortes"),
        ("[[a]] et\n= 3", "des trous"),
        ("- (x) a\n- ( ) b\n\n> fin\n\ntexte perdu", "texte après"),
        ("- (x) a", "une seule proposition"),
        ("- (x) a\n- ( ) a", "deux fois"),
        ("- [x 60%] a\n- [x 60%] b", "120%"),
        ("- A => b", "moins de deux paires"),
        ("1. a\n3. b", "désordre"),
        ("[[( ) a | ( ) b]]", "une seule bonne réponse"),
        ("= {{ a }}", "« a »"),
        ("Charge : {{ 2 * 3 }}\n\n= 6", "sans nombres tirés"),
        ("= 5..3", "à l'envers"),
    ],
)
def test_what_cannot_be_asked_is_told(body: str, message: str) -> None:
    _, problems = questions(f"## T {{#q}}\n{body}\n")
    assert any(message in problem for problem in problems), problems


def test_a_missing_id_is_suggested_from_the_title() -> None:
    _, problems = questions("## Où est l'enseigne ?\n= vrai\n")
    assert "{#ou-est-l-enseigne}" in problems[0]


@pytest.mark.parametrize(
    ("body", "kind"),
    [("= 2 h | deux heures", "short"), ("= ½ | un demi", "short"), ("= 1/2", "numeric"), ("= 12 m2", "short")],
)
def test_words_that_hold_a_number_stay_words(body: str, kind: str) -> None:
    assert type_of(question(body)) == kind


def test_an_author_may_want_a_number_compared_as_words() -> None:
    assert type_of(question("= ½", "type=short")) == "short"


@pytest.mark.parametrize(
    ("draw", "tags", "told"),
    [
        ({"a": 1, "b": 1}, ("a", "a, b"), True),
        ({"b": 1, "a": 1}, ("a", "a, b"), False),
        ({"a": 1, "b": 1}, ("a", "a, b", "b"), False),
        ({"a": 2, "b": 2}, ("a, b", "a, b", "a, b"), True),
        ({"a": 1, "b": 1, "c": 1}, ("a, c", "b, c", "c"), False),
        ({"a": 1, "b": 1, "c": 1}, ("a, c", "b, c", "a", "b"), True),
    ],
)
def test_a_draw_by_tags_that_share_questions_may_fall_short(
    draw: dict[str, int], tags: tuple[str, ...], told: bool
) -> None:
    """Two students would then have papers of different lengths."""
    text = "\n".join(f'## T {{#q{n} tags="{written}"}}\n= {n}\n' for n, written in enumerate(tags))
    found, _ = questions(text)
    report = Report("quiz.md")
    header = QuizHeader.model_validate({"kind": "quiz", "title": "T", "mode": "graded", "draw": draw})
    settings = settings_of(header)
    check_settings(settings, found, 1, report)
    lengths = {len(draw_questions(found, settings, seen={}, rng=random.Random(seed))) for seed in range(60)}
    assert bool([p for p in report.problems if "selon le tirage" in p.message]) is told
    assert (lengths != {sum(draw.values())}) is told
