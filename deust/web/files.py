"""Files handed in, given back: always as a download, never run by a browser, whole or a range of bytes."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from flask import Response, request

from deust.queries.files import KeptFile
from deust.web.current import tools

_PLAIN = "!#$&+-.^_`|~"


def send_stored(file: KeptFile) -> Response:
    """The bytes of a file whose right was just checked.

    No validator, hence no 304: whoever asks without the right learns nothing, and whoever has it gets the bytes.
    """
    start, stop, status = 0, file.size, 200
    asked = None if "If-Range" in request.headers else request.range
    if asked is not None and asked.units == "bytes" and len(asked.ranges) == 1:
        span = asked.range_for_length(file.size)
        if span is None:
            return _refused_range(file)
        (start, stop), status = span, 206
    body = tools().files.read(file.id, start=file.start + start, length=stop - start)
    response = Response(body, status, mimetype=file.media_type, direct_passthrough=False)
    if status == 206:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    response.content_length = stop - start
    return _guarded(response, file.name)


def _refused_range(file: KeptFile) -> Response:
    response = Response(status=416, mimetype="text/plain")
    response.headers["Content-Range"] = f"bytes */{file.size}"
    return _guarded(response, file.name)


def _guarded(response: Response, name: str) -> Response:
    headers = response.headers
    headers.set("Content-Disposition", "attachment", **_names(name))
    headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    headers["Cache-Control"] = "no-store"
    headers["Accept-Ranges"] = "bytes"
    return response


def _names(name: str) -> dict[str, str]:
    """The name for every browser: plain letters, and the real one encoded."""
    if name.isascii():
        return {"filename": name}
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe=_PLAIN)}"}
