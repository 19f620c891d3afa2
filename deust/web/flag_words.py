"""Why a student is pointed out, in a sentence with its figures; never a reason of theirs."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from deust.domain.flags import Behind, Failed, Flag, Rules, Silent
from deust.domain.learning import Programme
from deust.queries.contacts import EventKind, FileEvent
from deust.web.formats import day_in, duration, mark20_in, person_zone
from deust.web.i18n import current_locale, ngettext
from deust.web.i18n import gettext as _


def reason(flag: Flag, rules: Rules, programme: Programme) -> str:
    """« Sans activité depuis 11 jours, 3 activités à finir sous 7 jours »."""
    if isinstance(flag, Silent):
        return silence(flag, rules)
    if isinstance(flag, Failed):
        return _failure(flag, programme)
    return _delay(flag)


def draft_words() -> tuple[str, str]:
    """The subject and the text that a message to whoever is pointed out begins with."""
    news = _("Je regarde où chacun en est et j’aimerais prendre de vos nouvelles.")
    help_ = _("Si quelque chose vous freine, répondez à ce message : nous verrons ensemble par où reprendre.")
    return _("Votre formation : où en êtes-vous ?"), f"{news}\n\n{help_}"


def days_ago(seen_at: datetime, now: datetime) -> str:
    """When someone was last there, in calendar days of who reads: « aujourd'hui », « hier », « 4 jours »."""
    days = (_day(now) - _day(seen_at)).days
    if days <= 0:
        return _("aujourd’hui")
    return _("hier") if days == 1 else ngettext("%(num)s jour", "%(num)s jours", days)


def event_words(event: FileEvent, programme: Programme) -> str:
    """One line of a student's file, without its moment."""
    item = programme.find_item(event.ref)
    title = item.title if item else event.ref
    if event.kind is EventKind.HANDED_IN:
        return _handed_in(event, title)
    if event.kind is EventKind.ACT:
        return _act(event, programme)
    table = {
        EventKind.OPENED: lambda: _("Ouvert : %(title)s", title=title),
        EventKind.DONE: lambda: _("Fait : %(title)s, %(time)s créditées", title=title, time=duration(event.number)),
        EventKind.STARTED: lambda: _("Essai %(number)s commencé : %(title)s", number=event.number, title=title),
        EventKind.CONTACT: lambda: _contact(event.word),
        EventKind.MAIL: lambda: _("Message de la plateforme : %(kind)s", kind=_mail_kind(event.word)),
    }
    return table[event.kind]()


def _handed_in(event: FileEvent, title: str) -> str:
    """What still waits for a person has no mark to tell."""
    text = _("Essai %(number)s rendu : %(title)s", number=event.number, title=title)
    if event.word == "clock":
        text = _("Essai %(number)s clos à la fin du temps : %(title)s", number=event.number, title=title)
    if event.awaiting:
        return _("%(text)s, en attente d’une correction", text=text)
    return text if event.share is None else f"{text}, {mark20_in(event.share, current_locale())}"


def _act(event: FileEvent, programme: Programme) -> str:
    detail = event.detail or {}
    if event.word == "dates:move":
        item = programme.find_item(str(detail.get("item", "")))
        return _("Date déplacée : %(title)s", title=item.title if item else str(detail.get("item", "")))
    if event.word == "flags:aside":
        return _("Mis de côté jusqu’au %(day)s", day=day_in(date.fromisoformat(detail["until_on"]), current_locale()))
    multiplier, minutes = detail.get("time_multiplier", "1"), detail.get("extra_minutes", 0)
    return _("Aménagement : temps × %(factor)s, + %(minutes)s min", factor=multiplier, minutes=minutes)


def _contact(means: str) -> str:
    words = {"mail": _("Message envoyé"), "phone": _("Contact par téléphone"), "other": _("Contact")}
    return words[means]


def _mail_kind(kind: str) -> str:
    words = {
        "invitation": _("invitation"),
        "reset": _("nouveau mot de passe"),
        "password-chosen": _("mot de passe choisi"),
        "password-changed": _("mot de passe changé"),
        "sign-in-failures": _("essais de connexion échoués"),
        "mark-released": _("une correction est rendue"),
        "review-answered": _("une demande de réexamen a sa réponse"),
        "marks-corrected": _("des points ont changé"),
        "questions-answered": _("une question a sa réponse"),
    }
    return words.get(kind, kind)


def silence(flag: Silent, rules: Rules) -> str:
    """« Sans activité depuis 11 jours, 3 activités à finir sous 7 jours »."""
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
