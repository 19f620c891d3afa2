"""Commands: `flask --app wsgi courses …`, `people …`, `demo …`, `db …`."""

from __future__ import annotations

from importlib import import_module

from flask import Flask


def add_commands(app: Flask) -> None:
    """Give the application its commands. They load here, so that a worker which serves pages never holds them."""
    import_module("deust.cli.commands").register(app)
