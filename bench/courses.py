"""The course tree of the bench: the real one, a quiz of 20 questions more, and copies of the module on request."""

from __future__ import annotations

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


def make_courses(folder: Path, *, modules: int = 1) -> Path:
    """Copy the courses, add the quiz, and repeat the module under other names."""
    shutil.copytree(ROOT / "courses", folder)
    programme = folder / PROGRAMME
    quiz = _FRONT + "".join(_QUESTIONS.format(part=part) for part in range(1, 5))
    (programme / MODULE / f"90-{QUIZ}.md").write_text(quiz)
    for number in range(1, modules):
        _repeat(programme, f"copie-{number}")
    return folder


def _repeat(programme: Path, name: str) -> None:
    """A copy of the module in the place of one that is not written yet; what its items name stays inside it."""
    planned = next(
        path.parent for path in sorted(programme.glob("*/module.md")) if "status: planned" in path.read_text()
    )
    shutil.copytree(programme / MODULE, programme / name)
    for path in (programme / name).glob("*.md"):
        path.write_text(path.read_text().replace(f"/{MODULE}/", f"/{name}/"))
    shutil.rmtree(planned)
    for path in (programme / "programme.yml", *programme.glob("*/module.md")):
        path.write_text(path.read_text().replace(planned.name, name))
