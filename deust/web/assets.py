"""Static files under names that carry the hash of their content, so that browsers keep them for a year."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from pathlib import Path

import brotli

SOURCE = Path(__file__).resolve().parent.parent / "static"

JOINED = {
    "heard.js": ("player.js", "attempt.js"),
    "helped.js": ("questions.js", "attempt.js"),
    "marking-sound.js": ("player.js", "marking.js"),
    "spoken.js": ("questions.js", "recorder.js", "attempt.js"),
    "copies-sound.css": ("copies.css", "sound.css"),
}
"""Files that one page always loads together, served as one: a page asks for one script and one style of its own."""

_LINK = re.compile(r"url\(([\w./-]+)\)")
_COMPRESSED = {".css", ".js", ".svg", ".json", ".txt"}
_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^\s+", re.MULTILINE)


class Assets:
    """`url("app.css")` gives the address of the file's present content; `folder` holds the copies to serve."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: dict[str, str] = {}
        names = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*") if path.is_file())
        for name in sorted([*names, *JOINED], key=lambda name: name.endswith(".css")):
            self._names[name] = self._publish(name)

    def url(self, name: str) -> str:
        return f"/static/{self._names[name]}"

    @property
    def icon(self) -> str:
        """The icon of every page, written in its address: one request less on a first visit."""
        return "data:image/svg+xml," + (SOURCE / "favicon.svg").read_text().strip().replace('"', "'").replace(
            "#", "%23"
        )

    def _publish(self, name: str) -> str:
        suffix = Path(name).suffix
        content = b"".join(self._content(part, is_alone=name not in JOINED) for part in JOINED.get(name, (name,)))
        digest = hashlib.sha256(content).hexdigest()[:10]
        target = self.folder / Path(name).with_suffix(f".{digest}{suffix}")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            if suffix in _COMPRESSED:
                _write(target.with_name(target.name + ".br"), brotli.compress(content))
                _write(target.with_name(target.name + ".gz"), gzip.compress(content, mtime=0))
            _write(target, content)
        return target.relative_to(self.folder).as_posix()

    def _content(self, name: str, *, is_alone: bool) -> bytes:
        """What a browser needs: no comment, no indentation; a script joined keeps its names and failures to itself."""
        path = SOURCE / name
        if path.suffix not in (".css", ".js"):
            return path.read_bytes()
        text = _INDENT.sub("", _COMMENT.sub("", path.read_text()))
        if path.suffix == ".css":
            text = _LINK.sub(lambda match: f"url({self.url(match[1])})", text)
        elif not is_alone:
            text = f"try {{\n{text}}} catch (error) {{ setTimeout(() => {{ throw error; }}); }}\n"
        return text.encode()


def _write(target: Path, content: bytes) -> None:
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    partial.write_bytes(content)
    os.replace(partial, target)
