"""What the acts need from outside, built once at start and passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from deust.adapters.files import FileStore
from deust.adapters.passwords import Passwords
from deust.content.catalogue import Catalogue
from deust.queries.cohort_facts import Snapshots
from deust.queries.queue_news import QueueNews
from deust.queries.quiz_report_kept import Reports
from deust.queries.waiting import WaitingCounts


@dataclass(frozen=True, kw_only=True)
class Tools:
    """`clock` gives the present moment in UTC; `base_url` is where links in mails lead.

    `snapshots` remembers the counts of cohorts for a minute, `reports` those of quizzes while they hold, `waiting` what
    waits for each member of staff for half a minute, `queue_news` what stands beside their queue for ten.
    """

    clock: Callable[[], datetime]
    catalogue: Catalogue
    files: FileStore
    passwords: Passwords
    base_url: str
    snapshots: Snapshots = field(default_factory=Snapshots)
    reports: Reports = field(default_factory=Reports)
    waiting: WaitingCounts = field(default_factory=WaitingCounts)
    queue_news: QueueNews = field(default_factory=QueueNews)
