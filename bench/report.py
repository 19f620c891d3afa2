"""The page of figures, as measured: `docs/performance.md`."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from statistics import median

from bench.load import CONNECTIONS, Figures
from bench.measuring import Round
from bench.rows import F1, F2, F4, ROWS, Row
from bench.servers import WORKERS
from bench.visit import Visit

HEAD = """# Performance, as measured

`make bench` writes this page; nothing in it is edited by hand. Absolute figures belong to one machine on one day:
read the ratios. The columns Moodle and RELATE were measured on another day on such a machine, with the same floors.
"""

METHOD = """## Method

- Floors, in `bench/floors.py`: F1 a constant of 10 kB; F2 Flask, one indexed SELECT through the ORM on PostgreSQL and a
  template of 10 kB with a loop of 30 links; F4 a POST, one ORM INSERT, COMMIT, 303. The same gunicorn serves floors and
  product: {workers} synchronous workers; PostgreSQL with its defaults, every commit on the disk.
- The product runs in production mode, jobs included, with {students} enrolled students in the fifth week of their
  cohort. Each has done the lessons and training of four weeks, has {past} past attempts of the measured quiz and one
  open. Requests rotate over their {students} sessions. Course: the whole EC131 (18 items; the peers' course had
  16), and a quiz of 20 questions on four pages of five.
- Load: `bench/load.py`, {connections} connections, one connection a request as these workers close it, every status
  checked. It spends {client_ms:.3f} ms of processor time a request: alone it could ask for {ceiling:,.0f} a second; at
  F1 it uses {client_share:.0%} of one of the {cores} cores, which are also the server's.
- Rounds: {rounds}, in {turns} turns each: a row is measured between two turns of its floor, so that what else the
  machine does disturbs both alike. A ratio is the rate of a turn over the mean of the floor before and after it; a
  round gives the median of its turns, the table the median of the rounds; the range is that of all turns.
- Before the run, other programs used {busy:.0%} of the machine.
"""


@dataclass(frozen=True)
class Results:
    """Everything measured in one run."""

    at: datetime
    students: int
    past_attempts: int
    busy: float
    rounds: Sequence[Round]
    statements: Mapping[str, tuple[int, int]]
    visits: Mapping[str, tuple[Visit, Visit]]
    html: Mapping[str, float]
    worker_megabytes: Sequence[float]
    floor_megabytes: Sequence[float]
    first_answer_seconds: float
    floor_first_answer_seconds: float
    postgresql: str
    whole: Mapping[str, float]
    staff: StaffResults
    profiles: Mapping[str, Sequence[tuple[str, float]]]


@dataclass(frozen=True, kw_only=True)
class StaffResults:
    """`pages` holds for each page its row, its ratio to F2, its statements and its weight compressed.

    The first export is that of a process which has just started, and read nothing yet.
    """

    students: int
    copies: int
    pages: Mapping[str, tuple[Row, float, int, float]]
    export_times: float
    first_export_times: float
    copy_statements: int
    copy_ms: float


@dataclass(frozen=True)
class Limit:
    """A figure that must not be passed, what was measured, and how it is written."""

    name: str
    must: float
    aim: float
    measured: float
    moodle: str = "—"
    relate: str = "—"
    unit: str = ""

    @property
    def verdict(self) -> str:
        if self.measured > self.must:
            return "**missed**"
        return "aim" if self.measured <= self.aim else "must"


def misses(rounds: Sequence[Round]) -> list[Row]:
    """The rows below what they must reach, and those that reach it but not the aim."""
    return [row for row in ROWS if ratio(rounds, row) < row.aim]


def ratio(rounds: Sequence[Round], row: Row) -> float:
    return median(taken.ratio(row) for taken in rounds)


def write(results: Results) -> str:
    parts = [
        HEAD,
        _machine(results),
        _rates(results),
        _limits(results),
        _staff(results.staff),
        _misses(results),
        _method(results),
    ]
    return "\n".join(parts)


def _machine(results: Results) -> str:
    names = ("flask", "sqlalchemy", "psycopg", "jinja2", "gunicorn")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"{results.at:%d %B %Y, %H:%M} UTC. {os.cpu_count()} cores, {_memory()} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {results.postgresql}; "
        f"{versions}.\n"
    )


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)


def _rates(results: Results) -> str:
    lines = [
        "## Rates",
        "",
        "| what | × | Moodle | RELATE | must | aim | measured | range | a second | p50 / p95 ms | |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_rate(results.rounds, row) for row in ROWS]
    lines += ["", "| floor | a second | range | p50 / p95 ms |", "|---|---|---|---|"]
    lines += [_floor(results.rounds, name) for name in (F1, F2, F4)]
    lines += [
        "",
        "For a student who has all the courses published today instead of one module: "
        + ", ".join(f"{name} {found:.2f}" for name, found in results.whole.items())
        + " × F2.",
    ]
    return "\n".join((*lines, ""))


def _staff(found: StaffResults) -> str:
    lines = [
        "## For staff",
        "",
        f"A cohort of {found.students:,} students at 120 items and {found.copies:,} copies to mark, all the courses.",
        "",
        "| what | × F2 | must | aim | statements (≤ 6) | kB compressed (≤ 60) | |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, (row, measured, statements, weight) in found.pages.items():
        wanted = f"{row.must:.2f} | {row.aim:.2f}" if row.must else "— | —"
        is_met = measured >= row.must and statements <= 6 and weight <= 60
        lines.append(
            f"| {name} | **{measured:.3f}** | {wanted} | {statements} | {weight:.1f} | "
            f"{'met' if is_met else '**missed**'} |"
        )
    lines += [
        "",
        f"The whole cohort alone, as CSV: {found.export_times:.0f} × the time of F2 alone (must 60, aim 25; "
        f"Moodle 600, RELATE 3,400), {found.first_export_times:.0f} × by a process just started; medians. A copy: "
        f"{found.copy_statements} statements, the slowest of twenty in {found.copy_ms:.0f} ms (must 300).",
        "",
    ]
    return "\n".join(lines)


def _rate(rounds: Sequence[Round], row: Row) -> str:
    turns = [turn for taken in rounds for turn in taken.rows[row.name]]
    ratios, found = [turn.ratio for turn in turns], [turn.figures for turn in turns]
    measured = ratio(rounds, row)
    verdict = "aim" if measured >= row.aim else "must" if measured >= row.must else "**missed**"
    rate = median(one.per_second for one in found)
    cells = (
        *(row.name, row.floor, row.moodle, row.relate, f"{row.must:.2f}", f"{row.aim:.2f}", f"**{measured:.2f}**"),
        *(f"{min(ratios):.2f}–{max(ratios):.2f}", f"{rate:.0f}", _latency(found), verdict),
    )
    return _line(cells)


def _line(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _floor(rounds: Sequence[Round], name: str) -> str:
    found = [figures for taken in rounds for figures in taken.floors[name]]
    rates = [figures.per_second for figures in found]
    return f"| {name} | {median(rates):.0f} | {min(rates):.0f}–{max(rates):.0f} | {_latency(found)} |"


def _latency(found: Sequence[Figures]) -> str:
    return " / ".join(f"{median(figures.percentile(percent) for figures in found):.1f}" for percent in (50, 95))


def _limits(results: Results) -> str:
    lines = [
        "## Weight",
        "",
        "| what | Moodle | RELATE | must | aim | measured | |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_limit(limit) for limit in _all_limits(results)]
    grown = [f"{name} {few} → {many}" for name, (few, many) in results.statements.items() if few != many]
    lines += [
        "",
        "Statements with twice the students, twice the past attempts and a second module: "
        + ("; ".join(grown) if grown else "the same everywhere")
        + ".",
        "",
        "| in Chromium | first visit: requests | kB on the wire | of it scripts | again: requests | kB | to others |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {first.requests} | {first.wire:.1f} | {first.script:.1f} | {again.requests} | {again.wire:.1f} | "
        f"{first.foreign + again.foreign} |"
        for name, (first, again) in results.visits.items()
    ]
    lines += [
        "",
        f"Memory of the floors' workers: {max(results.floor_megabytes):.0f} MB; their first answer: "
        f"{results.floor_first_answer_seconds:.1f} s after the start.",
    ]
    return "\n".join((*lines, ""))


def _limit(limit: Limit) -> str:
    measured = f"**{limit.measured:.{1 if limit.unit else 0}f}{limit.unit}**"
    must, aim = (f"≤ {wanted:g}{limit.unit}" for wanted in (limit.must, limit.aim))
    return _line((limit.name, limit.moodle, limit.relate, must, aim, measured, limit.verdict))


def _all_limits(results: Results) -> list[Limit]:
    wanted = {"lesson": (3, 2), "home": (6, 4), "save": (6, 4)}
    moodle, relate = {"lesson": "33", "home": "37", "save": "51"}, {"lesson": "24", "home": "6", "save": "25"}
    limits = []
    for name, (count, _) in results.statements.items():
        kind = name.partition(" ")[0].rstrip(",")
        if kind in wanted:
            must, aim = wanted[kind]
            limits.append(Limit(f"statements: {name}", must, aim, count, moodle=moodle[kind], relate=relate[kind]))
        else:
            limits.append(Limit(f"statements: {name}", 6, 4, count))
    for name, (first, again) in results.visits.items():
        scripts = 15 if "attempt" in name else 0
        limits += [
            Limit(f"first visit, {name}: requests", 6, 4, first.requests, "23", "3"),
            Limit(f"first visit, {name}: on the wire", 60, 25, first.wire, "1 210 kB", "1 280 kB", " kB"),
            Limit(f"first visit, {name}: scripts", 15, scripts, first.script, "866 kB", "1 280 kB", " kB"),
            Limit(f"next page, {name}", 15, 15, again.wire, "17–24 kB", "2–5 kB", " kB"),
        ]
    page, content = results.html["page"], results.html["content"]
    html = f"HTML of a lesson of 7 kB: {page:.1f} kB less its {content:.1f} kB of content, + 7"
    return [
        *limits,
        Limit(html, 16, 12, page - content + 7, "143 kB", "12 kB", " kB"),
        Limit("a worker's memory", 95, 75, max(results.worker_megabytes), "93 MB", "165–207 MB", " MB"),
        Limit("first answer after start", 2, 1.5, results.first_answer_seconds, "0.6 s", "3.2 s", " s"),
    ]


def _misses(results: Results) -> str:
    below = [row for row in ROWS if ratio(results.rounds, row) < row.must]
    short = [row for row in misses(results.rounds) if row not in below]
    heavy = [limit for limit in _all_limits(results) if limit.measured > limit.must]
    lines = ["## Misses, said aloud", ""]
    lines += [f"- **Missed**: {_reached(results.rounds, row)}, must {row.must:.2f}." for row in below]
    lines += [f"- **Missed**: {one.name}, {one.measured:.1f}{one.unit}, must {one.must:g}{one.unit}." for one in heavy]
    lines += [f"- Short of the aim: {_reached(results.rounds, row)}, aim {row.aim:.2f}." for row in short]
    if not (below or heavy or short):
        lines.append("None: every figure reaches its aim.")
    if results.profiles:
        lines += ["", "Where their time goes: own milliseconds a request, inflated by cProfile.", ""]
    for name, spent in results.profiles.items():
        lines.append(f"- {name}: " + ", ".join(f"{owner} {part:.2f}" for owner, part in spent) + ".")
    return "\n".join((*lines, ""))


def _reached(rounds: Sequence[Round], row: Row) -> str:
    return f"{row.name}, {ratio(rounds, row):.2f} × {row.floor}"


def _method(results: Results) -> str:
    figures = [one for taken in results.rounds for one in taken.floors[F1]]
    client_ms = median(one.client_ms for one in figures)
    rate = median(one.per_second for one in figures)
    return METHOD.format(
        workers=WORKERS,
        students=results.students,
        past=results.past_attempts,
        connections=CONNECTIONS,
        client_ms=client_ms,
        ceiling=1000 / client_ms,
        client_share=client_ms * rate / 1000,
        cores=os.cpu_count(),
        rounds=len(results.rounds),
        turns=len(results.rounds[0].rows[ROWS[0].name]),
        busy=results.busy,
    )
