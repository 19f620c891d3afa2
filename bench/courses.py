"""The course tree of the bench: the real one, a quiz of 20 questions more, and copies of the module on request."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from deust.config import ROOT

PROGRAMME = "deust-centres-appels"
MODULE = "ec131-structure-appel"
LESSON = "accueillir"
QUIZ = "mesure"

_FRONT = """---
kind: quiz
title: "Quiz de mesure"
minutes: 20
mode: training
attempts: unlimited
paging: section
shuffle: [options]
week: 3
due: week 6
---
Vingt questions, cinq par page.
"""

_QUESTIONS = """
# Partie {part}

## Une réponse {{#m-simple-{part}}}
Que dit-on d'abord quand on décroche, avant de rendre la parole au client qui appelle ?

- ( ) la météo
- (x) l'enseigne
- ( ) le prix
- ( ) le numéro du client

> L'enseigne rassure : le client sait qu'il a joint la bonne entreprise.

## Plusieurs réponses {{#m-multiple-{part}}}
Quels éléments font partie de l'accueil, dans un appel entrant ordinaire ?

- [x] l'enseigne
- [x] le prénom
- [ ] le mot de passe
- [x] la disponibilité

> Enseigne, prénom, disponibilité.

## Vrai ou faux {{#m-vrai-{part}}}
On laisse le client finir sa phrase, même quand on connaît déjà la réponse.

= vrai

> L'écoute vient avant la solution.

## Un nombre {{#m-nombre-{part}}}
Un conseiller dit 43 mots en 15 secondes. Quel est son débit, en mots par minute ?

= 172 ± 0

> 43 × 4 = 172.

## Un mot {{#m-mot-{part}}}
Comment appelle-t-on le fait de redire la demande avec ses propres mots ?

= reformulation | reformuler

> La reformulation attend un oui.
"""


def make_courses(folder: Path, *, modules: int = 1, is_whole: bool = False) -> Path:
    """The courses with one module of 18 items, as long as what the peers were measured on; or all of them.

    The quiz is added to the module, which is repeated under other names on request.
    """
    if is_whole:
        shutil.copytree(ROOT / "courses", folder)
    else:
        one_module(folder)
    programme = folder / PROGRAMME
    quiz = _FRONT + "".join(_QUESTIONS.format(part=part) for part in range(1, 5))
    (programme / MODULE / f"90-{QUIZ}.md").write_text(quiz)
    for number in range(1, modules):
        _repeat(programme, f"copie-{number}")
    return folder


def one_module(folder: Path) -> Path:
    """A copy of the courses in which only EC131 is taught: what needs real content does not change as others grow."""
    shutil.copytree(ROOT / "courses", folder)
    programme = folder / PROGRAMME
    for path in programme.iterdir():
        if path.is_dir() and path.name not in (MODULE, "grilles"):
            shutil.rmtree(path)
    description = programme / "programme.yml"
    lines = [line for line in description.read_text().splitlines() if not _teaches_another(line)]
    description.write_text("\n".join(_without_other_items(lines)) + "\n")
    return folder


def _teaches_another(line: str) -> bool:
    return line.startswith("beside:") or (line.strip().startswith("module:") and MODULE not in line)


def _without_other_items(lines: list[str]) -> list[str]:
    kept, is_own = [], False
    for line in lines:
        if re.match(r"\s+- id: EC\d", line):
            is_own = False
        is_own = is_own or MODULE in line
        kept.append(line if is_own else re.sub(r", item: [a-z0-9-]+", "", line))
    return kept


def _repeat(programme: Path, name: str) -> None:
    """A copy of the module taught by an ECUE that has none; what its items name stays inside it."""
    shutil.copytree(programme / MODULE, programme / name)
    for path in (programme / name).glob("*.md"):
        path.write_text(path.read_text().replace(f"/{MODULE}/", f"/{name}/"))
    description = programme / "programme.yml"
    lines = description.read_text().splitlines()
    place = next(index for index, line in enumerate(lines) if "hours:" in line and "module:" not in lines[index + 1])
    indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
    lines.insert(place + 1, f"{indent}module: {name}")
    description.write_text("\n".join(lines) + "\n")
