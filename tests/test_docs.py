"""Documents say what the code does: settings, and what is held about people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deust.config import KNOWN, ROOT, Settings, read_settings
from deust.models.base import Base
from tools import privacy

DOCS = ROOT / "docs"
ROW = re.compile(r"^\| `(?P<name>[A-Z_]+)` \| (?P<meaning>[^|]+) \| (?P<default>[^|]+) \| (?P<example>[^|]+) \|$", re.M)


@pytest.fixture(scope="module")
def documented() -> dict[str, re.Match[str]]:
    return {row["name"]: row for row in ROW.finditer((DOCS / "settings.md").read_text())}


@pytest.fixture
def defaults(tmp_path: Path) -> Settings:
    return read_settings({"DEUST_INSTANCE_DIR": str(tmp_path)})


def test_every_setting_is_documented_and_no_other(documented: dict[str, re.Match[str]]) -> None:
    assert list(documented) == [*KNOWN, "HOST", "PORT"]
    read = set(re.findall(r'"(DEUST_[A-Z_]+|HOST|PORT)"', (ROOT / "deust" / "config.py").read_text()))
    assert read == set(documented)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEUST_MODE", lambda settings: settings.mode),
        ("DEUST_MAIL_FROM", lambda settings: settings.mail_from),
        ("DEUST_TRUSTED_PROXIES", lambda settings: settings.trusted_proxies),
        ("DEUST_JOBS", lambda settings: "on" if settings.jobs else "off"),
        ("DEUST_DEBUG", lambda settings: "on" if settings.debug else "off"),
        ("DEUST_BASE_URL", lambda settings: settings.base_url.replace("127.0.0.1", "HOST").replace("8000", "PORT")),
        ("HOST", lambda settings: settings.host),
        ("PORT", lambda settings: settings.port),
    ],
)
def test_documented_defaults_are_the_real_ones(
    documented: dict[str, re.Match[str]], defaults: Settings, name: str, value: object
) -> None:
    assert documented[name]["default"].startswith(f"`{value(defaults)}`")  # type: ignore[operator]


def test_the_table_of_personal_data_is_the_one_that_tables_declare() -> None:
    """PV-01. Write it again with `python -m tools.privacy`."""
    assert (DOCS / "privacy.md").read_text() == privacy.document()
    assert all("privacy" in table.info for table in Base.metadata.tables.values())


def test_documents_link_to_files_that_exist() -> None:
    for document in (ROOT / "README.md", *DOCS.rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", _without_code(document.read_text())):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)
