"""What an arrangement gives, in words; never why."""

from __future__ import annotations

from deust.domain.people import Arrangement
from deust.web.i18n import gettext as _
from deust.web.i18n import ngettext


def extra_time(arrangement: Arrangement) -> str:
    """What an arrangement gives, in words; never why."""
    more, minutes = arrangement.time_multiplier - 1, arrangement.extra_minutes
    factor = (
        _("%(share)s de temps en plus", share=more)
        if more < 1
        else _("temps multiplié par %(factor)s", factor=arrangement.time_multiplier)
    )
    if not minutes:
        return factor if more else _("aucun temps en plus")
    added = ngettext("%(num)s minute en plus", "%(num)s minutes en plus", minutes)
    return _("%(factor)s, puis %(minutes)s", factor=factor, minutes=added) if more else added
