"""`flask --app wsgi pages …`: what is made ahead for the pages."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from deust.web.compiled import compile_all

pages = AppGroup("pages", help="Préparer les pages avant de servir.")


@pages.command("compile")
def compile_pages() -> None:
    """Compile les gabarits : le premier démarrage d'une version est alors aussi léger que les suivants."""
    click.echo(f"{compile_all(current_app.jinja_env)} gabarits compilés.")
