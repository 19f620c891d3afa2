"""What the acts need from outside, built once at start and passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from deust.adapters.files import FileStore
from deust.adapters.passwords import Passwords
from deust.content.catalogue import Catalogue
from deust.queries.cohort_facts import Snapshots


@dataclass(frozen=True, kw_only=True)
class Tools:
    """`clock` gives the present moment in UTC; `base_url` is where links in mails lead.

    `snapshots` remembers the counts of cohorts for a minute.
    """

    clock: Callable[[], datetime]
    catalogue: Catalogue
    files: FileStore
    passwords: Passwords
    base_url: str
    snapshots: Snapshots = field(default_factory=Snapshots)
