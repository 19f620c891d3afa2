"""Every command of the product, and the tools that migrate its tables."""

from __future__ import annotations

from flask import Flask
from flask_migrate import Migrate

from deust.cli.courses import courses
from deust.cli.demo import demo
from deust.cli.pages import pages
from deust.cli.people import people
from deust.models.base import db
from deust.models.version import MIGRATIONS


def register(app: Flask) -> None:
    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    for group in (courses, pages, people, demo):
        app.cli.add_command(group)
