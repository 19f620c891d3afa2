"""What every template must be: nothing unused, nothing unsafe, every field named; and a light style sheet."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from jinja2 import Environment, FileSystemLoader, nodes
from markupsafe import Markup
from wtforms import Form, PasswordField, RadioField, SelectField, StringField, TextAreaField, validators
from wtforms.fields import SelectChoice

from deust.domain.presenting import Gap, Limits, Presented, PublicOption
from deust.web import formats, i18n

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
STYLE = ROOT / "deust/static/app.css"
NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))

# What deust/content wrote, escaped or cleaned there: the only texts that a page does not escape again.
RENDERED = {
    "definition",
    "expected",
    "feedback",
    "hint",
    "html",
    "intro",
    "label",
    "part",
    "piece",
    "rest",
    "stem",
    "text",
    "title",
}
INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)


@cache
def environment() -> Environment:
    env = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, extensions=["jinja2.ext.i18n"])
    env.install_gettext_callables(i18n.translated, i18n.translated_plural, newstyle=True)
    env.filters.update(formats.FILTERS)
    return env


@cache
def parsed(name: str) -> nodes.Template:
    return environment().parse((TEMPLATES / name).read_text(), name)


def tree_of(html: str) -> Element:
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(html)


def imported(template: nodes.Template) -> Iterator[tuple[str, str]]:
    """Each name that a template imports, with the name it goes by there."""
    for statement in template.find_all(nodes.FromImport):
        for name in statement.names:
            yield (name, name) if isinstance(name, str) else name


def read_names(template: nodes.Template) -> set[str]:
    return {name.name for name in template.find_all(nodes.Name) if name.ctx == "load"}


@cache
def included() -> set[str]:
    uses = (use for name in NAMES for use in parsed(name).find_all(nodes.Include))
    return {const.value for use in uses for const in use.find_all(nodes.Const)}


@pytest.mark.parametrize("name", NAMES)
def test_every_import_is_used(name: str):
    unused = {own for _, own in imported(parsed(name))} - read_names(parsed(name))
    assert not unused


@cache
def imported_somewhere() -> set[str]:
    return {source for name in NAMES for source, _ in imported(parsed(name))}


@pytest.mark.parametrize("name", NAMES)
def test_every_macro_is_used(name: str):
    macros = {macro.name for macro in parsed(name).find_all(nodes.Macro)}
    assert macros - read_names(parsed(name)) - imported_somewhere() == set()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_unescaped_but_what_the_course_renderer_wrote(name: str):
    for use in parsed(name).find_all(nodes.Filter):
        if use.name == "safe":
            source = use.node
            last = getattr(source, "attr", None) or getattr(source, "name", None)
            is_icon = name == "components/icons.html" and isinstance(source, nodes.Getitem)
            is_constant = isinstance(source, nodes.Const)
            assert last in RENDERED or is_icon or is_constant, f"line {use.lineno}"


@pytest.mark.parametrize("name", NAMES)
def test_no_line_may_break_before_a_sign_of_two_parts(name: str):
    """Sentences have their spaces from their translation; what stands between two of them is a template's own."""
    texts = [written.data for written in parsed(name).find_all(nodes.TemplateData)]
    assert [text for text in texts if re.search(r" [;:?!»](?:[ <]|$)|« ", text)] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_style_script_or_handler_is_written_in_a_page(name: str):
    assert not INLINE.search((TEMPLATES / name).read_text())


def test_only_the_base_writes_the_html_element():
    assert [name for name in NAMES if "<html" in (TEMPLATES / name).read_text()] == ["base.html"]


@pytest.mark.parametrize("name", [name for name in NAMES if name.split("/")[0] not in ("components", "questions")])
def test_every_page_extends_a_layout(name: str):
    assert name in included() | {"base.html"} or list(parsed(name).find_all(nodes.Extends))


def test_the_style_sheet_stays_light():
    assert len(gzip.compress(STYLE.read_bytes(), 9)) <= 10 * 1024


def test_the_two_dark_themes_are_the_same():
    style = STYLE.read_text()
    by_system = re.search(r"prefers-color-scheme: dark\).*?\{.*?\{(.*?)\}", style, re.DOTALL)[1]
    chosen = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', style, re.DOTALL)[1]
    assert by_system.split() == chosen.split()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "surface"])
def test_the_limits_of_a_marked_passage_are_seen(theme: str, ground: str):
    """Its tint differs too little from what is around: 1.1 to 1 on a copy, by day as by night."""
    style = STYLE.read_text()
    rule = re.search(r"^mark \{([^}]*)\}", style, re.M)[1]
    own = re.search(rf":root[^{{]*{{\s*color-scheme: {theme};(.*?)}}", style, re.DOTALL)[1]
    tokens = {name: value for part in (style, own) for name, value in re.findall(r"--([\w-]+): (#\w+);", part)}
    line = re.search(r"border-bottom: 2px solid var\(--([\w-]+)\)", rule)
    assert line is not None
    assert contrast(tokens[line[1]], tokens[ground]) >= 3
    assert contrast(tokens[line[1]], tokens["warning-tint"]) >= 3


def contrast(one: str, other: str) -> float:
    """As WCAG counts it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


class Sample(Form):
    email = StringField("Adresse e-mail", [validators.InputRequired("Écrivez votre adresse.")])
    password = PasswordField("Mot de passe", [validators.InputRequired("Écrivez votre mot de passe.")])
    note = TextAreaField("Remarque")
    language = SelectField("Langue", choices=[SelectChoice("fr", "Français")])
    theme = RadioField("Couleurs", [validators.InputRequired("Choisissez.")], choices=[SelectChoice("dark", "Nuit")])


def drawn(macro: str, field: str, *, is_sent: bool, hint: str = "") -> Element:
    form = Sample()
    if is_sent:
        form.validate()
    module = environment().get_template("components/field.html").module
    return tree_of(getattr(module, macro)(form[field], hint=hint))


@pytest.mark.parametrize("field", ["email", "password", "note", "language"])
def test_a_field_has_its_label_hint_and_error_linked(field: str):
    tree = drawn("field", field, is_sent=True, hint="Une aide.")
    control = next(element for element in tree.iter() if element.tag in ("input", "select", "textarea"))
    assert [label.get("for") for label in tree.iter("label")] == [control.get("id")]
    linked = control.get("aria-describedby", "").split()
    texts = {element.get("id"): "".join(element.itertext()).strip() for element in tree.iter("p")}
    assert texts[linked[0]] == "Une aide."
    is_refused = field in ("email", "password", "language")
    assert (control.get("aria-invalid") == "true") == is_refused
    assert (len(linked) == 2 and bool(texts[linked[1]])) == is_refused


def test_a_field_without_hint_or_error_points_at_nothing():
    tree = drawn("field", "email", is_sent=False)
    control = next(tree.iter("input"))
    assert control.get("aria-describedby") is None
    assert control.get("aria-invalid") is None


def test_a_field_that_may_stay_empty_says_so():
    assert "facultatif" in "".join(drawn("field", "note", is_sent=False).itertext())
    assert "facultatif" not in "".join(drawn("field", "email", is_sent=False).itertext())


def test_choices_are_a_named_group_of_whole_rows():
    tree = drawn("choices", "theme", is_sent=True, hint="Une aide.")
    group = next(tree.iter("fieldset"))
    assert next(group.iter("legend")).text == "Couleurs"
    assert group.get("aria-describedby") == "theme-hint theme-error"
    assert all(len(list(label.iter("input"))) == 1 for label in group.iter("label"))


def test_the_error_summary_links_each_fault_to_its_field():
    form = Sample()
    form.validate()
    module = environment().get_template("components/errors.html").module
    tree = tree_of(module.error_summary(form))
    assert {link.get("href") for link in tree.iter("a")} == {"#email", "#password", "#language", "#theme-0"}
    assert module.error_summary(Sample()).strip() == ""


@pytest.mark.parametrize(
    ("kind", "is_begun", "words"),
    [
        ("lesson", False, "Commencer la leçon"),
        ("quiz", False, "Commencer le quiz"),
        ("assignment", False, "Commencer le devoir"),
        ("assignment", True, "Reprendre le devoir"),
    ],
)
def test_the_button_of_the_next_action_names_what_it_opens(kind: str, is_begun: bool, words: str):
    row = {"kind": kind, "is_begun": is_begun, "has_open_attempt": False, "is_attempted": False}
    module = environment().get_template("components/resume.html").module
    assert module.resume_words(row).strip() == words


def options(*texts: str) -> tuple[PublicOption, ...]:
    return tuple(PublicOption(number=number, html=text) for number, text in enumerate(texts, 1))


def question(type: str, **values: object) -> Presented:
    return Presented(id="q", type=type, title="Que dire ?", stem=values.pop("stem", ""), points=Fraction(1), **values)


CLOZE = "<p>Si j'ai [[1]], c'est le [[2]], [[3]].</p>"
GAPS = (
    Gap(number=1, kind="text"),
    Gap(number=2, kind="choice", options=options("premier", "<em>second</em>")),
    Gap(number=3, kind="number", unit="€"),
)
QUESTIONS = [
    (question("single", options=options("<em>oui</em>", "non")), {"answer": ["2"]}),
    (question("multiple", options=options("un", "deux", "trois")), {"answer": ["1", "3"]}),
    (question("true-false"), {"answer": ["false"]}),
    (question("numeric", unit="erlangs"), {"answer": ["26,7"]}),
    (question("short"), {"answer": ['la "DMT"']}),
    (
        question("matching", lefts=options("ACD", "SVI"), rights=options("<b>distribue</b>", "oriente")),
        {"answer-2": ["1"]},
    ),
    (question("ordering", options=options("saluer", "écouter")), {"answer-1": ["2"], "answer-2": ["1"]}),
    (question("cloze", stem=CLOZE, gaps=GAPS), {"answer-1": ["compris"], "answer-2": ["2"], "answer-3": ["3,5"]}),
    (question("essay", limits=Limits(min_words=120, max_words=300)), {"answer": ["Deux\nlignes"]}),
]
UPLOADS = [
    question("voice", limits=Limits(max_seconds=90)),
    question("file", limits=Limits(accept=("pdf", "odt"), max_bytes=10_000_000)),
]


def test_the_gaps_of_a_text_that_is_read_are_numbers():
    """A tutor read « c'est le [[2]] » in the question as it was asked."""
    module = environment().get_template("questions/stem.html").module
    read = str(module.read_stem(question("cloze", stem=CLOZE, gaps=GAPS)))
    assert read == "<p>Si j'ai <b>(1)</b>, c'est le <b>(2)</b>, <b>(3)</b>.</p>"
    assert str(module.read_stem(question("single", stem="<p>[[1]]</p>"))) == "<p>[[1]]</p>"


def asked(one: Presented, filled: dict[str, list[str]], **values: object) -> Element:
    template = environment().from_string(
        '<form><h2 id="q-q">{{ question.title }}</h2>{% include "questions/answer.html" %}</form>'
    )
    return tree_of(template.render(question=one, filled=filled, **values))


def controls(tree: Element) -> list[Element]:
    return [element for element in tree.iter() if element.tag in ("input", "select", "textarea")]


def posted(tree: Element) -> dict[str, list[str]]:
    """What a browser would send of the page as it was served."""
    sent: dict[str, list[str]] = {}
    for control in controls(tree):
        if control.tag == "select":
            chosen = (option for option in control.iter("option") if "selected" in option.attrib)
            values = [option.get("value", option.text) for option in chosen]
        elif control.tag == "textarea":
            values = [control.text or ""]
        elif control.get("type") in ("radio", "checkbox"):
            values = [control.get("value", "")] if "checked" in control.attrib else []
        else:
            values = [control.get("value", "")]
        sent.setdefault(control.get("name", ""), []).extend(values)
    return {name: values for name, values in sent.items() if any(values)}


@pytest.mark.parametrize(("one", "filled"), QUESTIONS, ids=lambda value: getattr(value, "type", None))
def test_a_question_shows_the_kept_answer_and_sends_it_back(one: Presented, filled: dict[str, list[str]]):
    assert posted(asked(one, filled)) == filled
    assert not posted(asked(one, {}))
    assert posted(asked(one, filled, prefix="q3-")) == {f"q3-{name}": values for name, values in filled.items()}


@pytest.mark.parametrize("one", [one for one, _ in QUESTIONS] + UPLOADS, ids=lambda one: one.type)
def test_each_control_of_a_question_has_a_name(one: Presented):
    tree = asked(one, {})
    labelled = {label.get("for") for label in tree.iter("label")}
    wrapped = {control for label in tree.iter("label") for control in label.iter()}
    ids = {element.get("id") for element in tree.iter()}
    assert controls(tree)
    for control in controls(tree):
        assert control.get("aria-label") or control in wrapped or control.get("id") in labelled
    for element in tree.iter():
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((element.get(name) or "").split()) <= ids


@pytest.mark.parametrize("one", [one for one, _ in QUESTIONS] + UPLOADS, ids=lambda one: one.type)
def test_a_closed_question_cannot_be_answered(one: Presented):
    assert all("disabled" in control.attrib for control in controls(asked(one, {}, disabled=True)))


def test_a_piece_of_information_has_nothing_to_answer():
    tree = asked(question("info", stem="<p>À lire.</p>"), {})
    assert not controls(tree)
    assert "À lire." in "".join(tree.itertext())


def test_choices_in_lists_lose_their_marks_but_keep_their_words():
    cloze = next(one for one, _ in QUESTIONS if one.type == "cloze")
    assert "second" in [option.text for option in asked(cloze, {}).iter("option")]


def test_what_follows_a_choice_in_a_text_touches_it():
    cloze = next(one for one, _ in QUESTIONS if one.type == "cloze")
    choice = next(asked(cloze, {}).iter("select"))
    assert (choice.tail or "") == ""


def test_what_a_person_typed_is_escaped():
    tree = asked(question("short"), {"answer": ['"><script>alert(1)</script>']})
    assert not list(tree.iter("script"))
    assert controls(tree)[0].get("value") == '"><script>alert(1)</script>'


@pytest.mark.parametrize("name", re.findall(r'^  "([\w-]+)":', (TEMPLATES / "components/icons.html").read_text(), re.M))
def test_an_icon_is_a_drawing_hidden_from_screen_readers(name: str):
    drawing = environment().get_template("components/icons.html").module.icon(name)
    assert isinstance(drawing, Markup)
    svg = tree_of(drawing)[0]
    assert svg.get("aria-hidden") == "true"
    assert len(svg) >= 1
