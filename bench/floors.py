"""The least that such a page or such a save can cost with the same tools: what the product is measured beside.

F1 a constant; F2 one indexed row through the ORM and a template of 10 kB; F4 one row inserted and committed.
"""

from __future__ import annotations

import os

from flask import Flask, redirect, render_template, request
from jinja2 import DictLoader
from sqlalchemy import String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

ROWS = 1_000
LINKS = 30
SIZE = 10_000


class Base(DeclarativeBase):
    pass


class Page(Base):
    __tablename__ = "floor_page"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[str]
    body: Mapped[str]


class Note(Base):
    __tablename__ = "floor_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[str]
    text: Mapped[str]


TEMPLATE = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><title>{{ page.title }}</title></head>
<body><nav><ul>
{% for number in range(links) %}<li><a href="/page/{{ number }}">{{ page.title }}, partie {{ number }}</a></li>
{% endfor %}</ul></nav>
<main><h1>{{ page.title }}</h1>{{ page.body|safe }}</main></body></html>
"""


def fill(database_url: str) -> None:
    """Make the floors' own tables, with a page that comes to 10 kB."""
    engine = create_engine(database_url)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    body = "<p>" + "Un appel réussi suit un ordre. " * 240 + "</p>"
    with Session(engine) as session, session.begin():
        session.add_all(
            Page(slug=f"page-{number}", title=f"Page {number}", body=body[: SIZE - 1_900]) for number in range(ROWS)
        )
    engine.dispose()


def create_floor() -> Flask:
    app = Flask("floor")
    engine = create_engine(os.environ["FLOOR_DATABASE_URL"])
    constant = "x" * SIZE
    app.jinja_loader = DictLoader({"page.html": TEMPLATE})

    @app.get("/constant")
    def show_constant() -> str:
        return constant

    @app.get("/page/<slug>")
    def show_page(slug: str) -> str:
        with Session(engine) as session:
            page = session.scalars(select(Page).where(Page.slug == slug)).one()
            return render_template("page.html", page=page, links=LINKS)

    @app.post("/notes")
    def add_note():  # type: ignore[no-untyped-def]
        with Session(engine) as session, session.begin():
            session.add(Note(page=request.form["page"], text=request.form["text"]))
        return redirect("/page/page-1", 303)

    return app
