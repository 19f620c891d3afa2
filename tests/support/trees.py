"""The real courses cut down to one module: tests that need real content do not change when other modules grow."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from deust.config import ROOT

PROGRAMME = "deust-centres-appels"
MODULE = "ec131-structure-appel"


def one_module(folder: Path) -> Path:
    """A copy of the courses in which only EC131 is taught."""
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
