"""Copy third-party browser files from node_modules into the tree, with a manifest of what they are: `make vendor`.

Versions are exact in package.json. To change one, edit it there and run `make vendor` again.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
LOCK = ROOT / "package-lock.json"
VENDOR = ROOT / "tests" / "vendor"
STATIC = ROOT / "deust" / "static"

AXE_FILES = ("axe.min.js", "LICENSE", "LICENSE-3RD-PARTY.txt")
ICONS = """
    arrow-left bar-chart book-open calendar check chevron-left chevron-right circle-help clock download ear
    file-text flag headphones home info layers list-checks lock log-out menu message-square mic pencil phone play
    rotate-ccw search triangle-alert upload user x
"""
STROKE = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'


def install() -> None:
    """Fill node_modules and keep the lock file free of addresses: it pins by hash, whatever registry serves it."""
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved"],
        cwd=ROOT,
        check=True,
    )
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        package.pop("resolved", None)  # npm before 8.6 does not know the option above
        package.pop("funding", None)
    LOCK.write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")


def version_of(package: str) -> str:
    return json.loads((MODULES / package / "package.json").read_text(encoding="utf-8"))["version"]


def copy_axe() -> list[Path]:
    for old in VENDOR.glob("axe-core-*"):
        shutil.rmtree(old)
    target = VENDOR / f"axe-core-{version_of('axe-core')}"
    target.mkdir(parents=True)
    return [Path(shutil.copyfile(MODULES / "axe-core" / name, target / name)) for name in AXE_FILES]


def draw_sprite() -> list[Path]:
    sprite, licence = STATIC / "icons.svg", STATIC / "icons.LICENSE.txt"
    symbols = [symbol(name) for name in ICONS.split()]
    body = "\n".join(symbols)
    credit = f"<!-- Lucide {version_of('lucide-static')}, ISC: see icons.LICENSE.txt -->"
    sprite.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{credit}\n{body}\n</svg>\n', encoding="utf-8")
    shutil.copyfile(MODULES / "lucide-static" / "LICENSE", licence)
    return [sprite, licence]


def symbol(name: str) -> str:
    source = (MODULES / "lucide-static" / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    drawing = re.search(r"<svg[^>]*>(.*)</svg>", source, re.DOTALL)
    if drawing is None:
        sys.exit(f"{name}.svg: not the drawing that this tool knows how to read")
    shapes = re.sub(r"\s*\n\s*", "", drawing[1]).replace(" />", "/>")
    return f'<symbol id="i-{name}" viewBox="0 0 24 24" {STROKE}>{shapes}</symbol>'


def write_manifest(files: list[Path]) -> None:
    packages = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    digests = {str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}
    manifest = {"packages": packages, "sha256": digests}
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    if sys.argv[1:] == ["install"]:
        install()
    else:
        fonts = list((STATIC / "fonts").iterdir())
        write_manifest([*copy_axe(), *draw_sprite(), *fonts])


if __name__ == "__main__":
    main()
