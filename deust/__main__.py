"""`python -m deust`: prepare the demo, say where it is, serve until interrupted (`make serve`)."""

import gc
import sys

import waitress

from deust.app import create_app, ensure_fit
from deust.cli import add_commands
from deust.cli.demo import prepare_demo
from deust.jobs import start_jobs

gc.disable()  # what a start makes stays: looking for rubbish among it costs time now, and would hold up a page later
app = create_app()
settings = app.config["DEUST"]
add_commands(app)
with app.app_context():
    accounts = prepare_demo(settings)
ensure_fit(app)
gc.freeze()
gc.enable()
start_jobs(app)
sys.stdout.write(f"DEUST : http://{settings.host}:{settings.port}\n{accounts}")
sys.stdout.flush()
waitress.serve(app, host=settings.host, port=settings.port, threads=8, ident=None)
