"""A small S3 on this machine: enough of its protocol to keep, read by range, list and delete objects of one bucket.

It checks that requests are signed, not the signatures themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class Bucket:
    """`objects` holds each key's bytes and moment; while `is_down`, every answer is an error."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.is_down = False

    @property
    def location(self) -> str:
        return f"s3://essai/deust?endpoint={self.url}&region=fr-par"


@contextmanager
def running_bucket() -> Iterator[Bucket]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    bucket = server.bucket = Bucket(f"http://127.0.0.1:{server.server_address[1]}")  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._is_allowed():
            self._bucket.objects[self._key] = (body, datetime.now(UTC))
            self._answer(200, headers={"ETag": '"1"'})

    def do_GET(self) -> None:
        if not self._is_allowed():
            return
        if not self._key:
            self._answer(200, self._listing())
            return
        found = self._bucket.objects.get(self._key)
        if found is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        body, moment = found
        headers = {"ETag": '"1"', "Last-Modified": moment.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked:
            start, stop = int(asked[1]), min(int(asked[2] or len(body)), len(body) - 1)
            headers["Content-Range"] = f"bytes {start}-{stop}/{len(body)}"
            self._answer(206, body[start : stop + 1], headers)
        else:
            self._answer(200, body, headers)

    def do_DELETE(self) -> None:
        if self._is_allowed():
            self._bucket.objects.pop(self._key, None)
            self._answer(204)

    def do_POST(self) -> None:
        """Delete several at once."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self._is_allowed():
            keys = re.findall(r"<Key>(.*?)</Key>", body)
            for key in keys:
                self._bucket.objects.pop(key, None)
            rows = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            self._answer(200, f"<DeleteResult>{rows}</DeleteResult>".encode())

    @property
    def _bucket(self) -> Bucket:
        bucket: Bucket = self.server.bucket  # type: ignore[attr-defined]
        return bucket

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/essai").lstrip("/")

    def _is_allowed(self) -> bool:
        if self._bucket.is_down:
            self._answer(400, b"<Error><Code>Down</Code></Error>")
        elif not self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=essai/"):
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        else:
            return True
        return False

    def _listing(self) -> bytes:
        prefix = parse_qs(urlsplit(self.path).query).get("prefix", [""])[0]
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{moment:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f'<ETag>"1"</ETag><Size>{len(body)}</Size></Contents>'
            for key, (body, moment) in sorted(self._bucket.objects.items())
            if key.startswith(prefix)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
