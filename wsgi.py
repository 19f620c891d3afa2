"""The WSGI application: what `flask` and an application server load."""

import gc

from deust.app import create_app, ensure_fit
from deust.jobs import start_jobs

gc.disable()  # what is loaded stays: looking for rubbish among it costs time now, and would hold up a page later
app = create_app()
ensure_fit(app)
gc.freeze()
gc.enable()
start_jobs(app)
