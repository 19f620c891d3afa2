"""Questions of every type for the property tests, with the marks that no student may see."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

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
)

CANARY = "canari"
"""Stands in every text that solves or comments a question."""

_WORDS = st.text(alphabet="abcdefghijklmnop é'-", min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
_TEXTS = st.lists(_WORDS, min_size=2, max_size=6, unique_by=str.strip)
_SHARES = st.sampled_from([Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)])


@st.composite
def single_choices(draw: st.DrawFn) -> Choice:
    texts = draw(_TEXTS)
    right = draw(st.integers(0, len(texts) - 1))
    options = (Option(text=text, is_right=place == right, feedback=CANARY) for place, text in enumerate(texts))
    return Choice(options=tuple(options), several=False)


@st.composite
def multiple_choices(draw: st.DrawFn) -> Choice:
    texts = draw(_TEXTS)
    right = draw(st.integers(1, len(texts)))
    weights = draw(st.sampled_from([(None, None), (Fraction(1, right), Fraction(-1, 4)), (None, Fraction(-1, 3))]))
    options = [
        Option(text=text, is_right=place < right, weight=weights[place >= right], feedback=CANARY)
        for place, text in enumerate(texts)
    ]
    return Choice(options=tuple(draw(st.permutations(options))), several=True)


@st.composite
def numerics(draw: st.DrawFn) -> Numeric:
    value = draw(st.fractions(-(10**6), 10**6, max_denominator=10**6))
    tolerance = draw(st.sampled_from([Fraction(0), Fraction(1, 20), Fraction(3)]))
    partial = NumericKey(value=value + 7, share=draw(_SHARES), feedback=CANARY)
    return Numeric(keys=(partial, NumericKey(value=value, tolerance=tolerance, unit="erlangs", feedback=CANARY)))


@st.composite
def shorts(draw: st.DrawFn) -> Short:
    variants = tuple(f"{CANARY} {text}" for text in draw(_TEXTS))
    partial = ShortKey(variants=(f"demi-{CANARY}",), share=draw(_SHARES), feedback=CANARY)
    pattern = ShortKey(variants=(rf"{CANARY}s?\d{{2}}",), is_pattern=True, feedback=CANARY)
    full = draw(st.sampled_from([(pattern,), (pattern, ShortKey(variants=variants, feedback=CANARY))]))
    return Short(keys=(partial, *full))


@st.composite
def matchings(draw: st.DrawFn) -> Matching:
    lefts, rights = draw(_TEXTS), draw(_TEXTS)
    distractors = tuple(draw(st.lists(_WORDS, max_size=2)))
    return Matching(pairs=tuple(zip(lefts, rights, strict=False)), distractors=distractors)


@st.composite
def orderings(draw: st.DrawFn) -> Ordering:
    return Ordering(items=tuple(draw(_TEXTS)), all_or_nothing=draw(st.booleans()))


@st.composite
def clozes(draw: st.DrawFn) -> Cloze:
    gaps = draw(st.lists(st.one_of(single_choices(), numerics(), shorts()), min_size=1, max_size=4))
    return Cloze(gaps=tuple(gaps))


def human_marked() -> st.SearchStrategy[AnswerBlock]:
    return st.sampled_from(
        [
            Essay(min_words=1, max_words=9, expected=CANARY, grid=CANARY),
            Voice(max_seconds=90, expected=CANARY, grid=CANARY),
            File(accept=("pdf",), max_bytes=10, expected=CANARY, grid=CANARY),
        ]
    )


def marked_blocks() -> st.SearchStrategy[AnswerBlock]:
    """Blocks that the machine marks."""
    return st.one_of(
        single_choices(),
        multiple_choices(),
        st.builds(TrueFalse, value=st.booleans()),
        numerics(),
        shorts(),
        matchings(),
        orderings(),
        clozes(),
    )


def questions(blocks: st.SearchStrategy[AnswerBlock]) -> st.SearchStrategy[Question]:
    return blocks.map(lambda block: question(block))


def question(answer: AnswerBlock, **fields: object) -> Question:
    given: dict[str, object] = {
        "id": "q",
        "title": "Titre",
        "stem": "<p>Énoncé</p>",
        "points": Fraction(2),
        "hints": (CANARY,),
        "feedback": CANARY,
        "tags": (CANARY,),
        "outcome": CANARY,
    }
    return Question(answer=answer, **(given | fields))  # type: ignore[arg-type]


def every_question() -> st.SearchStrategy[Question]:
    return questions(st.one_of(marked_blocks(), human_marked(), st.just(Info())))


def calculated() -> Question:
    """200 calls in half an hour, four minutes each: the load in erlangs."""
    return question(
        Numeric(keys=(NumericKey(value="calls * 240 / 1800", tolerance="0.05", unit="erlangs"),)),
        stem="<p>{{ calls }} appels en 30 min, soit {{ calls / 30 | 2 }} par minute.</p>",
        hints=(),
        variables=(Variable(name="calls", low=Fraction(120), high=Fraction(360), step=Fraction(20)),),
    )


_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 9),
    st.text(max_size=8),
    st.sampled_from(["26,67", "½", f"demi-{CANARY}", f"{CANARY}42"]),
)


def strange_answers() -> st.SearchStrategy[object]:
    """Anything JSON can hold."""
    return st.recursive(
        _LEAVES,
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["file", "name"]), inner),
        max_leaves=8,
    )
