"""The WSGI application: what `flask` and an application server load."""

from deust.app import create_app, ensure_fit
from deust.jobs import start_jobs

app = create_app()
ensure_fit(app)
start_jobs(app)
