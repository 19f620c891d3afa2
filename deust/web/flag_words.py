"""Why a student is pointed out, in a sentence with its figures; never a reason of theirs."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from deust.domain.flags import Behind, Failed, Flag, Rules, Silent
from deust.domain.learning import Programme
from deust.web.formats import duration, person_zone
from deust.web.i18n import gettext as _
from deust.web.i18n import ngettext


def reason(flag: Flag, rules: Rules, programme: Programme) -> str:
    """« Sans activité depuis 11 jours, 3 activités à finir sous 7 jours »."""
    if isinstance(flag, Silent):
        return _silence(flag, rules)
    if isinstance(flag, Failed):
        return _failure(flag, programme)
    return _delay(flag)


def days_ago(seen_at: datetime, now: datetime) -> str:
    """When someone was last there, in calendar days of who reads: « aujourd'hui », « hier », « 4 jours »."""
    days = (_day(now) - _day(seen_at)).days
    if days <= 0:
        return _("aujourd’hui")
    return _("hier") if days == 1 else ngettext("%(num)s jour", "%(num)s jours", days)


def _silence(flag: Silent, rules: Rules) -> str:
    due = ngettext("%(num)s activité à finir", "%(num)s activités à finir", flag.due_soon)
    if flag.has_begun:
        since = ngettext("Sans activité depuis %(num)s jour", "Sans activité depuis %(num)s jours", flag.days)
    else:
        since = ngettext("Rien ouvert depuis %(num)s jour", "Rien ouvert depuis %(num)s jours", flag.days)
    return ngettext(
        "%(since)s, %(due)s sous %(num)s jour",
        "%(since)s, %(due)s sous %(num)s jours",
        rules.due_days,
        since=since,
        due=due,
    )


def _failure(flag: Failed, programme: Programme) -> str:
    item = programme.find_item(flag.ref)
    return ngettext(
        "%(num)s essai non réussi : %(title)s",
        "%(num)s essais non réussis : %(title)s",
        flag.attempts,
        title=item.title if item else flag.ref,
    )


def _delay(flag: Behind) -> str:
    return _(
        "%(credited)s créditées sur %(expected)s attendues, soit %(percent)s %%",
        credited=duration(flag.credited_minutes),
        expected=duration(flag.expected_minutes),
        percent=flag.percent,
    )


def _day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(person_zone())).date()
