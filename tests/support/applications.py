"""The real application, built once for each address of a database and made new for each test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask

from deust.adapters.files import file_store
from deust.config import Settings
from deust.content.catalogue import Catalogue
from deust.queries.cohort_facts import Snapshots
from deust.queries.quiz_report_kept import Reports
from deust.services.tools import Tools
from tests.support.clock import Clock


class Applications:
    """Routes and templates are compiled once; settings, clock, files and what a server remembers are the test's own."""

    def __init__(self) -> None:
        self._made: dict[tuple[Settings, Catalogue], tuple[Flask, dict[str, Any], Tools]] = {}

    def prepared(
        self, settings: Settings, clock: Clock, catalogue: Catalogue, make: Callable[[Settings], Flask]
    ) -> Flask:
        key = replace(settings, instance_dir=Path()), catalogue
        if key not in self._made:
            app = make(settings)
            self._made[key] = app, dict(app.config), app.extensions["deust"]
        app, config, tools = self._made[key]
        app.config.clear()
        app.config.update(config, DEUST=settings)
        app.extensions["deust"] = replace(
            tools,
            clock=clock,
            files=file_store(settings.files or str(settings.files_dir)),
            snapshots=Snapshots(),
            reports=Reports(),
        )
        return app
