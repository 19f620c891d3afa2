from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ElementTree
from contextlib import suppress
from pathlib import Path

import pytest

from deust.content.drawings import drawing
from deust.content.figures import Shelf
from deust.content.media import Media
from deust.content.render import RenderContext, TooHeavy, render, render_inline
from deust.content.rendering import rendered_lesson, rendered_question
from deust.content.terms import offer_terms
from deust.domain.learning import Completion, Kind, Lesson, Term
from deust.domain.questions import Choice, Cloze, Option, Question, Short, ShortKey

REAL = Path(__file__).resolve().parents[1] / "realdata"
SHELF = Shelf(
    "m",
    {
        "m/frise.png": Media("frise.png", "abcdef0123", "image/png", 640, 480),
        "m/appel.mp3": Media("appel.mp3", "0123456789", "audio/mpeg"),
        "m/film.mp4": Media("film.mp4", "9876543210", "video/mp4"),
        "m/film.vtt": Media("film.vtt", "5555555555", "text/vtt"),
        "m/plan.pdf": Media("plan.pdf", "4444444444", "application/pdf"),
    },
    {"m/appel": "# Transcription\n\n**Karim** : bonjour <script>x</script>", "m/film": "Une scène."},
)
PAGES = {"p/m/01-a.md": "/modules/m/a", "p/n/02-b.md": "/modules/n/b", "p/glossaire.md": "/glossaire"}
CONTEXT = RenderContext("p/m/01-a.md", PAGES, SHELF)


DRAWN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">{}</svg>'


def drawn(inside: str) -> str:
    return drawing(ElementTree.fromstring(DRAWN.format(inside)), 40, 20)  # noqa: S314 - our own text


def test_a_small_drawing_stands_inside_the_page() -> None:
    markup = drawn('<title>t</title><g fill="#fff">\n<path d="M0 0\n h4"/><text x="1">A &lt; B</text></g>')
    media = Media("trace.svg", "77777777", "image/svg+xml", 40, 20, drawing=markup)
    shelf = Shelf("m", {"m/trace.svg": media}, {})
    shown = render('![Deux "traits"](media/trace.svg)', RenderContext("p/m/01-a.md", PAGES, shelf))
    assert 'role="img" aria-label="Deux &quot;traits&quot;" viewBox="0 0 40 20" width="40" height="20"' in shown
    assert '<g fill="#fff"><path d="M0 0 h4"></path><text x="1">A &lt; B</text></g>' in shown
    assert "<img" not in shown


def test_the_words_of_a_drawing_open_no_definition() -> None:
    markup = f"<svg>{drawn('<text>DMT</text>')}<p>La DMT.</p>"
    (shown,), found = offer_terms([markup], [Term(slug="dmt", name="DMT", long="", definition="d")])
    assert len(found) == 1
    assert shown.index("<button") > shown.index("</svg>")


@pytest.mark.parametrize(
    "inside",
    [
        '<path d="M0 0" onclick="x()"/>',
        '<path d="M0 0" style="fill:red"/>',
        '<path id="a" d="M0 0"/>',
        '<a href="https://exemple.fr"><path d="M0 0"/></a>',
        '<path d="M0 0" fill="url(#a)"/>',
        '<image href="x.png"/>',
        '<animate attributeName="x"/>',
        '<h:p xmlns:h="http://www.w3.org/1999/xhtml">x</h:p>',
        f'<path d="{"M0 0" * 2_000}"/>',
        "",
    ],
)
def test_a_drawing_that_is_not_plain_or_not_small_stays_a_file(inside: str) -> None:
    assert drawn(inside) == ""


def html(markdown: str) -> str:
    return render(markdown, CONTEXT).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("Un *mot* et **deux**.", "<em>mot</em>"),
        ("Terme\n: définition", "<dt>Terme</dt>"),
        ("CRM\n\n*[CRM]: gestion", '<abbr title="gestion">CRM</abbr>'),
        ('!!! note "À savoir"\n    Texte', '<div class="admonition note">\n<p class="admonition-title">À savoir</p>'),
        ('??? note "Plus"\n    Texte', "<details"),
        ("- [x] fait\n- [ ] reste", '<span class="task done">(fait) </span>fait'),
        ("- [x] fait\n- [ ] reste", '<span class="task">(à faire) </span>reste'),
        ("```python\ndef f(): pass\n```", '<span class="k">def</span>'),
        ("| a | b |\n|---|--:|\n| 1 | 2 |", '<td class="right">2</td>'),
        ("Un.[^1]\n\n[^1]: Note.", 'href="#fn:1"'),
        ("$x^2$", "<msup>"),
        ("$$\\frac{1}{2}$$", 'display="block"'),
        ("## Été à l'ouest", '<h2 id="s-ete-a-l-ouest">'),
        ("[a](../n/02-b.md#Un titre)".replace(" titre", "-titre"), 'href="/modules/n/b#s-un-titre"'),
        ("[a](../n/02-b.md#s-un-titre)", 'href="/modules/n/b#s-un-titre"'),
        ("[a](../glossaire.md#Durée-moyenne)", 'href="/glossaire#duree-moyenne"'),
        ("[a](https://exemple.fr)", '<a rel="noopener" href="https://exemple.fr">'),
        ("[plan](media/plan.pdf)", 'href="/cours/m/media/plan.pdf?v=44444444"'),
    ],
)
def test_what_authors_may_write_comes_out(markdown: str, expected: str) -> None:
    assert expected in html(markdown)


def test_pictures_have_their_true_size() -> None:
    found = re.search("<img[^>]*>", html("![Une frise](media/frise.png)"))
    assert found is not None
    for part in (
        'src="/cours/m/media/frise.png?v=abcdef01"',
        'width="640"',
        'height="480"',
        'loading="lazy"',
        'alt="Une frise"',
    ):
        assert part in found.group()


def test_sound_comes_with_its_transcript_and_nothing_loads_before_it_is_played() -> None:
    found = html("![](media/appel.mp3)")
    assert '<figure class="sound"><audio controls preload="none" src="/cours/m/media/appel.mp3?v=01234567"' in found
    assert "<summary>Transcription</summary>" in found
    assert "<strong>Karim</strong>" in found
    assert "<script" not in found
    assert "<h2" not in found


def test_video_comes_with_captions() -> None:
    found = html("![Une scène](media/film.mp4)")
    assert (
        '<track kind="captions" srclang="fr" label="Français" src="/cours/m/media/film.vtt?v=55555555" default>'
        in found
    )
    assert 'aria-label="Une scène"' in found


def test_a_remote_picture_is_never_fetched() -> None:
    found = html("![Logo](https://ailleurs.fr/x.png)")
    assert "<img" not in found
    assert 'href="https://ailleurs.fr/x.png"' in found


def test_a_picture_in_raw_html_that_may_not_be_fetched_leaves_its_words() -> None:
    found = html('Avant <img src="https://ailleurs.fr/x.png" alt="Un plan"> après <img onerror="x">.')
    assert found == "<p>Avant Un plan après .</p>"
    assert 'src="/cours/m/media/frise.png?v=abcdef01"' in html('<img src="media/frise.png" alt="Frise">')


def test_dialogues_that_follow_one_another_stand_side_by_side() -> None:
    found = html(
        '```dialogue bad "Sans"\nA: « Non. »\n```\n\n```dialogue good "Avec"\nB: « *Oui*. »\n  suite\n```\n\nTexte.'
    )
    assert found.count('<div class="dialogues">') == 1
    assert '<section class="dialogue bad">\n<p class="dialogue-title">Sans</p>\n<p class="speaker">A</p>' in found
    assert '<p class="line">« <em>Oui</em>. » suite</p>' in found


def test_tables_can_be_reached_and_named() -> None:
    found = html("| a |\n|---|\n| 1 |\n\ntexte\n\n| b |\n|---|\n| 2 |")
    assert [*re.findall('aria-label="([^"]*)"', found)] == ["Tableau 1", "Tableau 2"]


def test_a_page_has_no_second_main_title() -> None:
    assert "<h1" not in html("# Titre\n\nTitre\n=====\n")


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><circle/></svg>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<form action="https://x"><input name=a><button>b</button></form>',
    '<base href="https://x/">',
    '<meta http-equiv="refresh" content="0;url=https://x">',
    "<style>a[href^=b]{background:url(https://x)}</style>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<math><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<a href="javascript:alert(1)">a</a>',
    '<a href="JaVaScRiPt&#58;alert(1)">a</a>',
    '<a href="java\tscript:alert(1)">a</a>',
    '<a href="\x01javascript:alert(1)">a</a>',
    '<a href="data:text/html,<script>1</script>">a</a>',
    '<a href="vbscript:x">a</a>',
    '<a href="//ailleurs.fr">a</a>',
    "[a](javascript:alert(1))",
    "[a](  JAVASCRIPT:alert(1))",
    "[a](//ailleurs.fr/x)",
    "[a](/\\ailleurs.fr)",
    "[a]: javascript:alert(1)\n\n[a]",
    "<javascript:alert(1)>",
    "![a](javascript:alert(1))",
    '![a](x){: onerror="alert(1)" }',
    'texte {: onclick="alert(1)" style="position:fixed" #contenu }',
    '<div style="position:fixed" id="contenu" class="btn">x</div>',
    "<details ontoggle=alert(1) open>x</details>",
    "$\\text{<img src=x onerror=alert(1)>}$",
    '```dialogue bad "<img src=x onerror=alert(1)>"\n<b onclick=x>A</b>: « <script>1</script> »\n```',
    "<object data=x></object><embed src=x>",
    '<a href="x" target="_blank" ping="https://x">a</a>',
    "<template><script>1</script></template>",
    "\ue000figure:0\ue001 \ue000check:x\ue001",
]
FORBIDDEN = re.compile(
    r"<(?:script|style|iframe|form|input|base|meta|svg|object|embed|template|noscript|mglyph|annotation-xml)\b"
    r"|<[^>]*\s(?:on\w+|style|srcdoc|ping|target)\s*=|(?:href|src)\s*=\s*[\"']?\s*(?:javascript|data|vbscript|//|/\\)"
    r"|\sid=\"contenu\"|class=\"btn\"",
    re.IGNORECASE,
)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.case("MD-01", "MD-02")
def test_nothing_that_acts_comes_out(attack: str) -> None:
    assert not FORBIDDEN.search(html(attack))
    assert not FORBIDDEN.search(html(f"Texte avant {attack} après."))


def test_the_forbidden_pattern_sees_the_attacks_themselves() -> None:
    assert sum(bool(FORBIDDEN.search(attack)) for attack in ATTACKS) >= 20


@pytest.mark.case("MD-05")
def test_a_title_with_a_handler_keeps_its_words() -> None:
    """As in real lessons: an icon name and a printing button inside the title."""
    text = '## :fa fa-code: Codage et typage <span onclick="window.print()" class="pdf-link"> :fa fa-file-pdf:</span>'
    found = html(text)
    assert "onclick" not in found
    assert "pdf-link" not in found
    for words in (":fa fa-code", "Codage et typage", "fa-file-pdf"):
        assert words in found.replace(" :", ":").replace(": ", ":") or words in found


@pytest.mark.parametrize(("name", "headings", "tables", "codes"), [("c11c.md", 8, 7, 0), ("pr5.md", 14, 0, 12)])
def test_real_french_lessons_are_rendered_whole(name: str, headings: int, tables: int, codes: int) -> None:
    found = render((REAL / name).read_text("utf-8"), CONTEXT)
    assert len(re.findall("<h[2-6]", found)) == headings
    assert found.count("<table>") == tables
    assert found.count('<div class="highlight">') == codes
    assert not FORBIDDEN.search(found)


HEAVY = {
    "brackets": "[" * 50_000,
    "brackets in paragraphs": ("[" * 590 + "\n\n") * 300,
    "emphasis": "*_" * 20_000,
    "emphasis in paragraphs": ("a*_" * 295 + "\n\n") * 60,
    "quotations": "\n".join(">" * n + " x" for n in range(1, 500)),
    "backticks": " ".join("`" * n for n in range(1, 120)),
    "references": "\n".join(f"[a{n}]: http://x/{n}" for n in range(20_000)),
    "table": "| a | b |\n|---|---|\n" + "| c | d |\n" * 10_000,
    "long line": "a " * 2_500_000,
    "lists": "\n".join(" " * 4 * n + "- x" for n in range(200)),
    "unclosed html": "<div>" * 5_000,
    "html in paragraphs": ("<b>x " * 290 + "\n\n") * 40,
    "tildes": "~~~\n" * 1_999,
    "table in the limits": "| a | b |\n|---|---|\n" + "| c | d |\n" * 3_500,
    "formulas": ("$a " * 390 + "\n\n") * 30,
    "left": "$" + "\\left(" * 100_000 + "$",
    "unclosed fence": "```python\n" + "x = 1\n" * 3_900,
}


@pytest.mark.parametrize("name", HEAVY)
def test_a_pathological_text_is_rendered_or_refused_in_two_seconds(name: str) -> None:
    start = time.process_time()
    with suppress(TooHeavy):
        render(HEAVY[name], CONTEXT)
    assert time.process_time() - start < 2


def test_an_unclosed_fence_is_shown_to_the_end() -> None:
    assert re.search("<code>début\n\nla fin\n</code>", html("```text\ndébut\n\nla fin"))


def test_inline_texts_have_no_paragraph() -> None:
    assert render_inline("Un *mot*", CONTEXT) == "Un <em>mot</em>"
    assert render_inline("L'enseigne", CONTEXT) == "L’enseigne"
    assert render_inline("a < b & c", CONTEXT) == "a &lt; b &amp; c"
    assert render_inline("1998.", CONTEXT) == "1998."


def lesson(body: str, *checks: Question) -> Lesson:
    return Lesson(
        module="m",
        id="a",
        kind=Kind.LESSON,
        number=1,
        title="A",
        minutes=1,
        completion=Completion.READ,
        body=body,
        checks=checks,
    )


CHECK = Question(
    id="q-a",
    title="Vrai ?",
    answer=Choice(options=(Option(text="oui", is_right=True), Option(text="*non*", is_right=False)), several=False),
)
TERMS = (
    Term(slug="dmt", name="DMT", long="durée moyenne de traitement", definition="Un *temps*."),
    Term(slug="accueil", name="Accueil", long="", definition="Le début. DMT."),
)


def test_checks_stand_where_they_were_written() -> None:
    body = "Avant.[^1]\n\n```question\n## Vrai ? {#q-a}\n- (x) oui\n- ( ) non\n```\n\nAprès.\n\n[^1]: Note."
    found = rendered_lesson(lesson(body, CHECK), CONTEXT)
    assert [kind for kind, _ in found.parts] == ["html", "check", "html"]
    assert found.parts[1] == ("check", "q-a")
    assert "Après." in found.parts[2][1]
    assert 'id="fn:1"' in found.parts[2][1]
    assert found.checks["q-a"].answer.options[1].text == "<em>non</em>"  # type: ignore[union-attr]


def test_headings_are_listed_with_their_anchors() -> None:
    found = rendered_lesson(lesson("## L'appel & *vous*\n\n### Suite"), CONTEXT)
    assert [(one.level, one.anchor, one.title) for one in found.headings] == [
        (2, "s-l-appel-vous", "L’appel & vous"),
        (3, "s-suite", "Suite"),
    ]
    assert 'id="s-l-appel-vous"' in found.parts[0][1]


def test_the_first_occurrence_of_a_term_offers_its_definition() -> None:
    context = RenderContext("p/m/01-a.md", PAGES, SHELF, TERMS)
    body = "## L'accueil et la DMT\n\nUn accueil. Un accueil.\n\n"
    body += "`DMT`, [DMT](https://x.fr), DMT, durée moyenne\nde traitement."
    (_, found), *_ = rendered_lesson(lesson(body), context).parts
    assert found.count('popovertarget="term-accueil"') == 1
    assert found.count('popovertarget="term-dmt"') == 1
    button = '<button type="button" class="term" popovertarget="term-accueil">accueil</button>'
    assert f'>Un <span class="keep">{button}.</span> Un accueil.' in found
    assert '<aside popover id="term-dmt" class="definition">' in found
    assert "Un <em>temps</em>." in found
    assert '<a href="/glossaire#dmt">Glossaire</a>' in found


DMT = Term(slug="dmt", name="DMT", long="", definition="d")


@pytest.mark.parametrize(
    ("before", "after"),
    [("l’", ""), ("d’", ","), ("(", ")"), ("«\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}»"), ("", "…")],
)
def test_a_term_keeps_to_its_line_what_touches_it(before: str, after: str) -> None:
    """A button may begin a line whatever stands before: « l’ » ended one, and a comma began the next."""
    (shown,), _ = offer_terms([f"<p>Voir {before}DMT{after} ici.</p>"], [DMT])
    words = re.search(r'Voir <span class="keep">(.*?)<button[^>]*>DMT</button>(.*?)</span> ici', shown)
    assert words is not None
    assert words.groups() == (before, after)


def test_a_term_alone_is_not_wrapped() -> None:
    (shown,), _ = offer_terms(["<p>La DMT <b>et</b> le reste.</p>"], [DMT])
    assert "<span" not in shown


def test_definitions_that_name_one_another_do_not_go_round() -> None:
    context = RenderContext("p/m/01-a.md", PAGES, SHELF, TERMS)
    (_, found), *_ = rendered_lesson(lesson("Un accueil."), context).parts
    assert found.count("<button") == 1


def test_a_question_is_rendered_and_keeps_its_marks() -> None:
    question = Question(
        id="q",
        title="Les *mots*",
        stem="Le [[1]] vaut *{{ a*b | 2 }}*.",
        hints=("un `mot`",),
        feedback="- a\n- b",
        answer=Cloze(gaps=(Short(keys=(ShortKey(variants=("*brut*",)),)),)),
    )
    found = rendered_question(question, CONTEXT)
    assert found.title == "Les <em>mots</em>"
    assert found.stem == "<p>Le [[1]] vaut <em>{{ a*b | 2 }}</em>.</p>"
    assert found.hints == ("un <code>mot</code>",)
    assert "<li>a</li>" in found.feedback
    assert found.answer == question.answer


def test_notes_of_two_questions_on_one_page_do_not_share_their_ids() -> None:
    stems = [
        rendered_question(
            Question(id=name, title="T", stem="Un.[^1]\n\n[^1]: Note.", answer=CHECK.answer), CONTEXT
        ).stem
        for name in ("a", "b")
    ]
    ids = [re.findall(r'id="([^"]*)"', stem) for stem in stems]
    assert not set(ids[0]) & set(ids[1])
    assert set(re.findall(r'href="#([^"]*)"', stems[0])) == set(ids[0])
