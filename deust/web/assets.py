"""Static files under names that carry the hash of their content, so that browsers keep them for a year."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from pathlib import Path

import brotli

SOURCE = Path(__file__).resolve().parent.parent / "static"

_LINK = re.compile(r"url\(([\w./-]+)\)")
_COMPRESSED = {".css", ".js", ".svg", ".json", ".txt"}


class Assets:
    """`url("app.css")` gives the address of the file's present content; `folder` holds the copies to serve."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: dict[str, str] = {}
        names = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*") if path.is_file())
        for name in sorted(names, key=lambda name: name.endswith(".css")):
            self._names[name] = self._publish(name)

    def url(self, name: str) -> str:
        return f"/static/{self._names[name]}"

    def _publish(self, name: str) -> str:
        path = SOURCE / name
        content = path.read_bytes()
        if path.suffix == ".css":
            content = _LINK.sub(lambda match: f"url({self.url(match[1])})", content.decode()).encode()
        digest = hashlib.sha256(content).hexdigest()[:10]
        target = self.folder / Path(name).with_suffix(f".{digest}{path.suffix}")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix in _COMPRESSED:
                _write(target.with_name(target.name + ".br"), brotli.compress(content))
                _write(target.with_name(target.name + ".gz"), gzip.compress(content, mtime=0))
            _write(target, content)
        return target.relative_to(self.folder).as_posix()


def _write(target: Path, content: bytes) -> None:
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    partial.write_bytes(content)
    os.replace(partial, target)
