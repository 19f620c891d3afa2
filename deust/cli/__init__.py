"""Commands: `flask --app wsgi courses …`, `people …`, `demo …`."""
