"""A small clean course tree, written to a folder; tests change one file at a time."""

from __future__ import annotations

import struct
import zlib
from datetime import date
from pathlib import Path

from deust.content.problems import Level, Problem
from deust.content.tree import Reading, read_tree

TODAY = date(2026, 11, 22)
P = "deust-essai"
M = f"{P}/ec131-accueil"

PROGRAMME = """\
title: DEUST d'essai
diploma: DEUST
level: 5
blocks: {BC1: Relation de service}
years:
  - id: A1
    semesters:
      - id: S1
        ects: 30
        units:
          - id: UE13
            title: Accueillir
            ects: 30
            coefficient: 3
            blocks: [BC1]
            components:
              - id: EC131
                title: Structure
                coefficient: 3
                hours: 2
                module: ec131-accueil
                assessments:
                  - {id: quiz, kind: CC, weight: 40, item: quiz-accueil}
                  - {id: terminal, kind: ET, weight: 60, title: Oral, shared: ET-UE13}
      - {id: S2, ects: 30}
  - id: A2
    semesters: [{id: S3, ects: 30}, {id: S4, ects: 30}]
"""

M3C = """\
version: 1
year: 2026-2027
ue_non_compensables: [UE13]
"""

MODULE = """\
---
title: Accueil
hours: 2
outcomes:
  - {id: conduire, title: Conduire un appel}
---

Bienvenue. Voir [la première leçon](01-accueillir.md).
"""

LESSON = """\
---
title: Accueillir
minutes: 40
outcomes: [conduire]
week: 1
---

Un appel commence par un accueil. La DMT compte.

## Les trois éléments

![Les trois éléments, en frise.](media/frise.png)

![](media/appel.mp3)

La charge vaut $a = \\lambda d$. Voir [le quiz](02-quiz-accueil.md).

```question
## Que dit-on d'abord ? {#l-abord}
- (x) l'enseigne
- ( ) le prénom
  > Ensuite seulement.
```
"""

QUIZ = """\
---
kind: quiz
title: Vérifier l'accueil
minutes: 25
mode: training
week: 1
due: week 2
---
Quelques questions.

# Première partie

## Bien accueillir {#q-ordre points=2 tags="accueil" outcome=conduire}
Que dites-vous ?

- ( ) « Allô ? »
  > Trop court.
- (x) « Livréo bonjour, Karim à votre écoute. »

>? Trois éléments.
> L'enseigne, le prénom, la disponibilité.

## Votre débit {#q-debit}
= 150 ± 0 mots
"""

CALL = """\
---
kind: call
title: Le colis
minutes: 30
outcomes: [conduire]
direction: incoming
persona: {name: Mme Lefèvre}
grid: grilles/ecoute.yml
state: {tension: 0}
---
Décrochez.

## decroche
> (sonnerie)

- « Livréo bonjour. » {A1=1} -> suite
- « Allô ? » {A1=0 tension+1} -> suite

## suite
> Où est mon colis ?

- « Je regarde. » {B1=1} -> fin
- « Calmez-vous. » {B1=0 if="tension >= 1"} -> fin

## fin {end=done}
- Le débrief peut tenir une liste.
"""

ASSIGNMENT = """\
---
kind: assignment
title: Réécrire un script
minutes: 25
outcomes: [conduire]
hand_in: {text: true}
out_of: 20
grid: grilles/ecoute.yml
late: {until: 2 days, penalty: 1 per day}
---
Réécrivez ce script.
"""

GRID = """\
title: Grille
levels: {conforme: 1, non conforme: 0}
criteria:
  - {id: A1, phase: Accueil, title: Accueil, points: 4}
  - {id: B1, phase: Découverte, title: Écoute, points: 5}
"""

GLOSSARY = """\
---
title: Glossaire
---

DMT — durée moyenne de traitement
: Temps moyen passé sur un appel, post-appel compris.

Post-appel
: Travail fait après avoir raccroché.
"""


def png(width: int = 8, height: int = 4) -> bytes:
    """A small grey picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


FILES: dict[str, str | bytes] = {
    f"{P}/programme.yml": PROGRAMME,
    f"{P}/m3c.yml": M3C,
    f"{P}/glossaire.md": GLOSSARY,
    f"{P}/grilles/ecoute.yml": GRID,
    f"{M}/module.md": MODULE,
    f"{M}/01-accueillir.md": LESSON,
    f"{M}/02-quiz-accueil.md": QUIZ,
    f"{M}/03-appel.md": CALL,
    f"{M}/04-devoir.md": ASSIGNMENT,
    f"{M}/media/frise.png": png(),
    f"{M}/media/appel.mp3": b"ID3 sound",
    f"{M}/media/appel.transcript.md": "**Karim** : « Livréo bonjour. »\n",
}


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def clean_tree(folder: Path, changes: dict[str, str | bytes] | None = None) -> Path:
    """The clean tree with some files replaced or added."""
    return write(folder / "courses", {**FILES, **(changes or {})})


def read(root: Path) -> Reading:
    return read_tree(root, today=TODAY)


def problems_of(folder: Path, path: str, content: str | bytes) -> list[Problem]:
    """What is said of the tree once one file is replaced, informations left out."""
    reading = read(clean_tree(folder, {path: content}))
    return [problem for problem in reading.problems if problem.level is not Level.INFO]


def places(problems: list[Problem], path: str) -> list[tuple[int, str, str]]:
    return [(problem.line, str(problem.level), problem.message) for problem in problems if problem.path == path]


def line_of(text: str, words: str) -> int:
    """The line where some words first stand."""
    return text[: text.index(words)].count("\n") + 1
