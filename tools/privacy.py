"""Write docs/privacy.md from what the tables declare: `python -m tools.privacy`."""

from __future__ import annotations

from pathlib import Path

from deust.queries.records import HeldTable, held_tables

PATH = Path(__file__).resolve().parent.parent / "docs" / "privacy.md"

INTRODUCTION = """# What each table holds about people

Made from the tables' own declarations by `python -m tools.privacy`; a test fails when they differ. The page
« Vos données » shows the same declarations to everyone, in French. A table without one does not pass the tests.

« Exported » tables go into the copy of their data that people may ask for. That copy, and the erasure of an
account, are not built yet: the declarations say what they will do.

"""

TRACES = """
## Elsewhere than in tables

| where | what | until |
|---|---|---|
| cookie `deust`, `__Host-deust` in production | random tokens, of the session and of forms | sign-out, or 14 days |
| cookie `device`, `__Host-device` in production | a random mark by which an account knows a device again | one year |
| browser's IndexedDB, on a quiz page | answers the server has not acknowledged yet | their acknowledgement |
| browser's IndexedDB, on a voice question or a copy | what the microphone recorded | its receipt, or a new take |
| `files` in the instance folder, or `DEUST_FILES` | files handed in, unnamed | as their row; with none, a day |
| the system's temporary folder | a PDF or a recording while it is converted | a minute; after a crash, two hours |
| log | errors with a request number, method and path; no address, no answer | as the host keeps its logs |

## Recordings of voices

A student's recording is kept for six months after its attempt is closed, the time to contest a mark (`KEPT_MONTHS` in
`deust/domain/sounds.py`). A marker's spoken comment is kept for six months after its release, or after the last save of
the draft that holds it, and for thirty days once it was set aside. The pages where they are heard say until which day.
Then the recording, the sound made from it and its wave are deleted. Its name, its size, its SHA-256 and its mark stay,
and the audit says that it was deleted. Copies
in backups last as long as the host keeps these.
"""


def document() -> str:
    """The whole page."""
    personal = [table for table in held_tables() if table.privacy.personal]
    others = [table for table in held_tables() if not table.privacy.personal]
    lines = [
        "## Tables about people\n",
        "| table | purpose | kept | exported | when the account is erased | columns |",
        "|---|---|---|---|---|---|",
        *(_row(table) for table in personal),
        "\n## Tables about nobody\n",
        "| table | purpose | kept | columns |",
        "|---|---|---|---|",
        *(_cells(f"`{each.table}`", each.privacy.purpose, each.privacy.keep, _columns(each)) for each in others),
    ]
    return INTRODUCTION + "\n".join(lines) + "\n" + TRACES


def _row(table: HeldTable) -> str:
    declared = table.privacy
    exported = "yes" if declared.export else "no"
    return _cells(f"`{table.table}`", declared.purpose, declared.keep, exported, declared.erase, _columns(table))


def _columns(table: HeldTable) -> str:
    return ", ".join(table.columns)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PATH.write_text(document())
