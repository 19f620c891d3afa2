"""Templates compiled once and kept on the disk: a worker that finds them answers sooner and holds less."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree

from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket

_CODE = Path(__file__).parent


class Compiled(FileSystemBytecodeCache):
    """In a folder that is named by what compiles; those of other versions go when it is made.

    A disk that refuses costs a compilation, never a page.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / _compiler()
        with suppress(OSError):
            if not self.folder.exists():
                rmtree(folder, ignore_errors=True)
            self.folder.mkdir(parents=True, exist_ok=True)
        super().__init__(str(self.folder))

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def compile_all(environment: Environment) -> int:
    """Compile every template that is not yet; says how many there are."""
    names = environment.list_templates(extensions=["html", "txt"])
    for name in names:
        environment.get_template(name)
    return len(names)


def _compiler() -> str:
    """A name that changes with the code of the pages, whose filters a compilation may call, and with Jinja.

    Jinja itself tells the versions of Python apart.
    """
    code = hashlib.sha256(version("jinja2").encode())
    for path in sorted(_CODE.glob("*.py")):
        code.update(path.read_bytes())
    return code.hexdigest()[:10]
