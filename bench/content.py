"""How long the course files take: a check of 200 modules and 1,000 items, and the first page after a change.

    python -m bench.content [--modules 200] [--rounds 3]

Prints what is measured, beside what is wanted; exits 1 when the processor time of a figure is beyond it.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from deust.content.catalogue import Catalogue
from deust.content.pages import page_of
from deust.content.store import Store
from deust.content.tree import read_tree

CHECK_SECONDS = 5.0
EXTRA_SECONDS = 0.2
TODAY = date(2026, 11, 22)
REAL = Path(__file__).resolve().parent.parent / "courses" / "deust-centres-appels"

LESSON = """\
---
title: Leçon {number}
minutes: 60
outcomes: [conduire]
week: 3
sources: ["Note de cours"]
---

{paragraphs}

## Deux façons

```dialogue bad "Sans reformuler"
Conseiller: « D'accord. »
Mme Lefèvre: « Vous m'avez comprise ? »
```

| Avant | Après |
|---|---|
| vite | juste |

!!! note "À retenir"
    La charge vaut $a = \\frac{{\\lambda \\times d}}{{3600}}$ erlangs. Voir [la suite](02-quiz.md).

```question
## Que fait-on d'abord ? {{#q-{number}}}
- (x) saluer
- ( ) raccrocher
  > Non.
```
"""

QUESTION = """\
## Question {number} {{#q-{number} points=2 tags="accueil" outcome=conduire}}
Un client attend depuis quatre minutes. Que dites-vous ?

- (x) « Livréo bonjour, Karim à votre écoute. »
  > Oui : l'enseigne, le prénom.
- ( ) « Allô ? »
  > Il manque l'enseigne.
- ( ) « Quittez pas. »

>? Pensez aux trois éléments.
> L'accueil ouvre l'appel.

"""

QUIZ = """\
---
kind: quiz
title: Quiz {number}
minutes: 30
mode: training
outcomes: [conduire]
---
Introduction.

{questions}
"""

ASSIGNMENT = """\
---
kind: assignment
title: Devoir {number}
minutes: 120
outcomes: [conduire]
hand_in: {{text: true}}
grid: grilles/devoir-ecrit.yml
---
Écrivez.
"""

PARAGRAPH = (
    "Reformuler, c'est rendre au client sa demande avec vos mots à vous, puis se taire jusqu'à sa réponse. "
    "S'il dit **oui**, vous pouvez chercher une solution. S'il corrige, vous venez d'économiser un second appel.\n"
)


def build(root: Path, modules: int) -> None:
    """A tree of five items a module: two lessons, a quiz of ten questions, a call, an assignment."""
    programme = root / "essai"
    programme.mkdir(parents=True)
    shutil.copytree(REAL / "grilles", programme / "grilles")
    shutil.copy(REAL / "glossaire.md", programme / "glossaire.md")
    call = next(REAL.glob("*/*-appel-colis.md")).read_text("utf-8")
    call = "\n".join(line for line in call.split("\n") if not line.startswith(("requires:", "outcomes:")))
    (programme / "programme.yml").write_text("title: Essai\ndiploma: DEUST\nlevel: 5\n", "utf-8")
    for number in range(modules):
        folder = programme / f"m{number:03}"
        folder.mkdir()
        head = "title: Module\nhours: 6\noutcomes:\n  - {id: conduire, title: Conduire}\n"
        (folder / "module.md").write_text(f"---\n{head}---\nTexte.\n", "utf-8")
        lesson = LESSON.format(number=number, paragraphs="\n".join([PARAGRAPH] * 12))
        (folder / "01-lecon.md").write_text(lesson, "utf-8")
        (folder / "03-suite.md").write_text(lesson.replace("Leçon", "Suite"), "utf-8")
        questions = "".join(QUESTION.format(number=place) for place in range(10))
        (folder / "02-quiz.md").write_text(QUIZ.format(number=number, questions=questions), "utf-8")
        (folder / "04-appel.md").write_text(f"{call}\nAppel {number}.\n", "utf-8")
        (folder / "05-devoir.md").write_text(ASSIGNMENT.format(number=number), "utf-8")


@dataclass(frozen=True)
class Time:
    """Seconds on the clock, and seconds of processor: on a busy machine only the second says how much work it was."""

    clock: float
    work: float

    def __str__(self) -> str:
        return f"{self.clock * 1000:.0f} ms ({self.work * 1000:.0f} of processor)"


def timed(action: Callable[[], object]) -> Time:
    clock, work = time.perf_counter(), time.process_time()
    action()
    return Time(time.perf_counter() - clock, time.process_time() - work)


def median(times: list[Time]) -> Time:
    return Time(statistics.median(one.clock for one in times), statistics.median(one.work for one in times))


def measure_check(root: Path, rounds: int) -> Time:
    return median([timed(lambda: read_tree(root, today=TODAY)) for _ in range(rounds)])


def measure_change(root: Path, published: Path, rounds: int) -> tuple[Time, Time]:
    """Times of a normal page, and of the first page after one lesson changed."""
    catalogue = Catalogue(root, published, watch=True, today=lambda: TODAY)
    lesson = root / "essai" / "m000" / "01-lecon.md"

    def page() -> None:
        catalogue.refresh()
        catalogue.lesson("m000/lecon")

    page()
    normal, changed = [], []
    for number in range(rounds):
        normal.append(timed(page))
        lesson.write_text(f"{lesson.read_text('utf-8')}\nAjout {number}.\n", "utf-8")
        changed.append(timed(page))
    return median(normal), median(changed)


def measure_render(rounds: int) -> tuple[int, Time]:
    """Characters of the longest real lesson, and the time to render it."""
    reading = read_tree(REAL.parent, today=TODAY)
    lessons = [item for one in reading.programmes["deust-centres-appels"].modules.values() for item in one.items]
    longest = max((item for item in lessons if item.kind == "lesson"), key=lambda item: len(item.body))
    times = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            times.append(timed(lambda store=store: page_of(longest.ref, reading.snapshot, store)))
    return len(longest.body), median(times)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--modules", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "courses"
        build(root, options.modules)
        errors = read_tree(root, today=TODAY).errors
        assert not errors, errors[:3]
        check = measure_check(root, options.rounds)
        normal, changed = measure_change(root, Path(folder) / "published", max(5, options.rounds))
    size, render = measure_render(options.rounds)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tree = f"{options.modules} modules, {options.modules * 5} items"
    print(f"check of {tree}: {check} (wanted: under {CHECK_SECONDS:.0f} s)")
    print(f"page: {normal}")
    print(f"first page after one file changed: {changed} (wanted: at most {EXTRA_SECONDS * 1000:.0f} ms more)")
    print(f"a lesson of {size} characters, rendered and kept: {render}")
    print(f"largest memory of this run: {memory:.0f} MB")
    return int(check.work > CHECK_SECONDS or changed.work - normal.work > EXTRA_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
