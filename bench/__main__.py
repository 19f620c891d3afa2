"""`python -m bench`: measure the product beside its floors, and write `docs/performance.md`.

python -m bench           three rounds, a few minutes
python -m bench --quick   one short round, printed only
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psycopg
from flask import Flask

from bench import floors, report, servers
from bench.courses import LESSON, MODULE, make_courses
from bench.crowd import STUDENTS as CROWD
from bench.load import one_by_one
from bench.measuring import Plan, Round, measure_readings, measure_round
from bench.profiling import profile
from bench.rows import (
    F2,
    FINISH,
    READINGS,
    SAVE_ONE,
    SAVE_PAGE,
    START,
    Row,
    floor_requests,
    hand_ins,
    saves_of_a_page,
    saves_of_one,
    starts,
)
from bench.school import Student, answer_everything, make_school, with_open_attempts
from bench.staff import COPIES, PAGES, make_staff
from bench.statements import html_kilobytes, open_page, send, statements
from bench.visit import Visit, ensure_browser, visits
from deust.app import create_app
from deust.config import ROOT
from deust.content.publishing import publish
from deust.web.compiled import compile_all

STUDENTS, PAST_ATTEMPTS = 200, 8
FEW = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, nothing written")
    parser.add_argument("--no-browser", action="store_true", help="leave the first visits out")
    options = parser.parse_args()
    if not options.no_browser:
        ensure_browser()
    plan, count = (Plan(seconds=0.5, turns=2), 1) if options.quick else (Plan(seconds=1, turns=4), 3)
    with tempfile.TemporaryDirectory(prefix="deust-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        results = Bench(Path(folder), with_browser=not options.no_browser).run(plan, count)
    page = report.write(results)
    print(page)
    if not options.quick:
        (ROOT / "docs" / "performance.md").write_text(page)


class Bench:
    def __init__(self, folder: Path, *, with_browser: bool) -> None:
        self._folder = folder
        self._with_browser = with_browser
        self._stack = ExitStack()

    def run(self, plan: Plan, rounds: int) -> report.Results:
        with self._stack:
            self._server = self._stack.enter_context(servers.postgresql(self._folder / "postgresql"))
            busy = servers.busy_share(3)
            counts = self._statements()
            environment, app, students = self._school("measured", STUDENTS, PAST_ATTEMPTS)
            html = html_kilobytes(app, students[0])
            taken, product, floor = self._rounds(environment, app, students, plan, rounds)
            return report.Results(
                at=datetime.now(UTC),
                students=STUDENTS,
                past_attempts=PAST_ATTEMPTS,
                busy=busy,
                rounds=taken,
                statements=counts,
                visits=self._visits(app, environment, students[0]),
                html=html,
                worker_megabytes=product[0],
                floor_megabytes=floor[0],
                first_answer_seconds=product[1],
                floor_first_answer_seconds=floor[1],
                postgresql=self._postgresql_version(),
                whole=self._whole(plan),
                staff=self._staff(plan),
                profiles=_profiles(app, students, report.misses(taken)),
            )

    def _school(
        self, name: str, count: int, past_attempts: int, *, modules: int = 1, is_whole: bool = False
    ) -> tuple[dict[str, str], Flask, list[Student]]:
        courses = make_courses(self._folder / name / "courses", modules=modules, is_whole=is_whole)
        instance = self._folder / name / "instance"
        publish(courses, instance / "published", today=datetime.now(UTC).date())
        environment = servers.product_environment(self._database(name), instance, courses)
        app = create_app(servers.product_settings(environment))
        compile_all(app.jinja_env)
        assert all(
            f"copie-{number}" in app.extensions["deust"].catalogue.programme().modules for number in range(1, modules)
        )
        return environment, app, make_school(app, students=count, past_attempts=past_attempts)

    def _database(self, name: str) -> str:
        """A new database of the server, removed at the end."""
        database = f"deust_bench_{name}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {database}")
        self._stack.callback(self._drop, database)
        address, question, options = self._server.partition("?")
        return servers.as_sqlalchemy(f"{address.rpartition('/')[0]}/{database}{question}{options}")

    def _drop(self, database: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def _postgresql_version(self) -> str:
        with psycopg.connect(self._server) as connection:
            number = connection.info.server_version
        return f"PostgreSQL {number // 10_000}.{number % 10_000}"

    def _statements(self) -> dict[str, tuple[int, int]]:
        """With few students, and with twice the students, the past attempts and the modules."""
        counts = []
        for name, times in (("few", 1), ("many", 2)):
            _, app, students = self._school(name, FEW * times, PAST_ATTEMPTS * times, modules=times)
            counts.append(statements(app, students[0]))
        return {name: (counts[0][name], counts[1][name]) for name in counts[0]}

    def _rounds(
        self, environment: Mapping[str, str], app: Flask, students: Sequence[Student], plan: Plan, count: int
    ) -> tuple[list[Round], tuple[list[float], float], tuple[list[float], float]]:
        with self._served(environment, "floors") as (floor, product):
            measure_round(app, (floor.port, product.port), students, Plan(seconds=0.3, turns=1))
            taken = [measure_round(app, (floor.port, product.port), students, plan) for _ in range(count)]
            return (
                taken,
                (product.worker_megabytes(), product.first_answer_seconds),
                (floor.worker_megabytes(), floor.first_answer_seconds),
            )

    def _whole(self, plan: Plan) -> dict[str, float]:
        """The pages of a student who has all the courses that are published, each × F2."""
        environment, _, students = self._school("whole", STUDENTS, PAST_ATTEMPTS, is_whole=True)
        with self._served(environment, "whole_floors") as (floor, product):
            measure_readings((floor.port, product.port), students, Plan(seconds=0.3, turns=1))
            taken = measure_readings((floor.port, product.port), students, plan)
        return {row.name: taken.ratio(row) for row in READINGS}

    def _staff(self, plan: Plan) -> report.StaffResults:
        """What tutors open, in a cohort of full size with all the courses."""
        environment, app, students = self._school("staff", 1, 1, is_whole=True)
        crowd = make_staff(app, students[0], students=CROWD, copies=COPIES)
        pages = {row.name: open_page(app, row.address(crowd.student), crowd.student.cookie) for row in PAGES}
        copy = open_page(app, f"/a-corriger/{crowd.copies[0]}", crowd.student.cookie)
        with self._served(environment, "staff_floors") as (floor, product):
            ports = floor.port, product.port
            (first_export,) = one_by_one(product.port, [crowd.export()])
            measure_readings(ports, [crowd.student], Plan(seconds=0.3, turns=1), PAGES)
            taken = measure_readings(ports, [crowd.student], plan, PAGES)
            alone = median(one_by_one(floor.port, floor_requests(F2)[:30]))
            export = median(one_by_one(product.port, [crowd.export()] * 9))
            following = one_by_one(product.port, crowd.next_copies())
        return report.StaffResults(
            students=CROWD,
            copies=COPIES,
            pages={row.name: (row, taken.ratio(row), *pages[row.name]) for row in PAGES},
            export_times=export / alone,
            first_export_times=first_export / alone,
            copy_statements=copy[0],
            copy_ms=max(following),
        )

    @contextmanager
    def _served(self, environment: Mapping[str, str], name: str) -> Iterator[tuple[servers.Server, servers.Server]]:
        """The floors, on a database of this name, and the product; ready to be measured."""
        address = self._database(name)
        floors.fill(address)
        with (
            servers.gunicorn(
                "bench.floors:create_floor()", {"FLOOR_DATABASE_URL": address}, first_page="/constant"
            ) as floor,
            servers.gunicorn("wsgi:app", environment, first_page="/connexion") as product,
        ):
            self._analyse(environment["DEUST_DATABASE_URL"])
            yield floor, product

    def _analyse(self, address: str) -> None:
        with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def _visits(self, app: Flask, environment: Mapping[str, str], student: Student) -> dict[str, tuple[Visit, Visit]]:
        """In demo mode, whose cookie a browser accepts without TLS; what is served is the same."""
        if not self._with_browser:
            return {}
        [student] = with_open_attempts(app, [student])
        cookie = student.cookie.replace(app.config["SESSION_COOKIE_NAME"], "deust", 1)
        pages = (
            ("sign-in page", "/connexion"),
            ("home", "/aujourdhui"),
            ("lesson", f"/modules/{MODULE}/{LESSON}"),
            ("attempt page", f"/essais/{student.attempt}/questions/1"),
        )
        demo = {**environment, "DEUST_MODE": "demo"}
        with servers.gunicorn("wsgi:app", demo, first_page="/connexion") as server:
            return visits(f"http://127.0.0.1:{server.port}", cookie, pages)


def _profiles(app: Flask, students: Sequence[Student], rows: Sequence[Row]) -> dict[str, list[tuple[str, float]]]:
    if not rows:
        return {}
    current = with_open_attempts(app, students)
    answer_everything(app, current)
    one, page = saves_of_one(current, 3), saves_of_a_page(current, 3)
    closing = hand_ins(current, [student.attempt for student in current])
    acts: dict[str, Callable[[], None]] = {
        row.name: (lambda row=row: send(app, row.requests(current[:1])[0])) for row in READINGS
    }
    acts |= {
        SAVE_ONE.name: lambda: send(app, next(one)),
        SAVE_PAGE.name: lambda: send(app, next(page)),
        FINISH.name: lambda: send(app, next(closing)),
    }
    found = {row.name: profile(acts[row.name]) for row in rows if row is not START}
    if START in rows:
        left = with_open_attempts(app, current) if FINISH not in rows else current
        if FINISH not in rows:
            for request in hand_ins(left, [student.attempt for student in left]):
                send(app, request)
        beginning = starts(left)
        found[START.name] = profile(lambda: send(app, next(beginning)))
    return found


if __name__ == "__main__":
    main()
