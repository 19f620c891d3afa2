"""The WSGI application; run as a script, it prepares the demo and serves it (`make serve`)."""

from deust.app import create_app, ensure_fit, serve
from deust.jobs import start_jobs

app = create_app()
ensure_fit(app)
start_jobs(app)

if __name__ == "__main__":
    serve(app)
