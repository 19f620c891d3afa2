"""Headers of every answer, and the token that every form carries."""

from __future__ import annotations

from flask import Response, request
from flask_wtf.csrf import CSRFProtect

from deust.web.current import visitor_or_none

csrf = CSRFProtect()

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), payment=(), usb=(), microphone=(self)"),
)


def add_headers(response: Response) -> Response:
    """Pin what a browser may do with the answer; a private page is never stored by a cache."""
    headers = response.headers
    present = {name.lower() for name, _ in headers}
    for name, value in _HEADERS:
        if name.lower() not in present:
            headers.add(name, value)
    if request.is_secure and "strict-transport-security" not in present:
        headers.add("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if "cache-control" not in present:
        private = visitor_or_none() is not None or response.status_code >= 400 or request.method != "GET"
        headers.add("Cache-Control", "no-store" if private else "private, no-cache")
    response.vary.add("Cookie")
    return response
