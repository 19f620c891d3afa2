"""The WSGI application: what `flask` and an application server load."""

import gc
import sys

from flask import Flask

from deust.app import create_app, ensure_fit
from deust.jobs import start_jobs

REFUSED = 3
"""The exit code by which gunicorn ends; by any other it starts the refused server again, every second, for ever."""


def made() -> Flask:
    try:
        return create_app()
    except SystemExit as refusal:
        sys.stderr.write(f"{refusal}\n")
        raise SystemExit(REFUSED) from None


gc.disable()  # what is loaded stays: looking for rubbish among it costs time now, and would hold up a page later
app = made()
ensure_fit(app)
gc.freeze()
gc.enable()
start_jobs(app)
