import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.content.typography import typeset, typeset_html


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("l'appel d'Amélie", "l’appel d’Amélie"),
        ("« Oui, allô ? »", "«\u00a0Oui, allô\u00a0?\u00a0»"),
        ("l'« écoute »", "l’«\u00a0écoute\u00a0»"),
        ("80 % en 20 s : bien !", "80\u00a0% en 20\u00a0s\u00a0: bien\u00a0!"),
        ("1 285 appels...", "1\u00a0285 appels…"),
        ("12 heures, puis 3 000", "12 heures, puis 3\u00a0000"),
        ("http://exemple.fr/?a=b", "http://exemple.fr/?a=b"),
    ],
)
def test_text_is_typeset_as_french_is_printed(typed: str, read: str) -> None:
    assert typeset(typed) == read


def test_code_formulas_and_expressions_stay_as_written() -> None:
    html = "<p>l'appel <code>l'appel ?</code> {{ a : b }} <math><mi>x'y</mi></math> d'ici</p>"
    read = "<p>l’appel <code>l'appel ?</code> {{ a : b }} <math><mi>x'y</mi></math> d’ici</p>"
    assert typeset_html(html) == read


def test_attributes_are_not_text() -> None:
    assert typeset_html("""<img alt="l'appel ?">""") == """<img alt="l'appel ?">"""


@given(st.text())
def test_typesetting_twice_is_typesetting_once(text: str) -> None:
    assert typeset(typeset(text)) == typeset(text)
