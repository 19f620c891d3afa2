"""The demonstration: an invented cohort in its fifth week, whose people went through the very acts of the product."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from deust.adapters.files import FileStore
from deust.adapters.passwords import Passwords
from deust.content.catalogue import Catalogue
from deust.domain.access import Role
from deust.domain.people import DEFAULT_ZONE, Calendar, Enrolled, SignedIn
from deust.domain.texts import unaccented
from deust.models.people import Cohort, Enrolment, Group, Person
from deust.queries.signin import as_asker
from deust.services import people, signin
from deust.services.demo_marking import mark_past_works, mark_work
from deust.services.demo_stories import Story, live
from deust.services.demo_walk import Walk

COHORT = "demo"
PRESENT_WEEK = 5
PASSWORD = "ecouter-puis-reformuler"  # noqa: S105  # shown to whoever starts the demonstration
DOMAIN = "demo.deust.example"
_A, _B = _GROUPS = ("Groupe A", "Groupe B")


@dataclass(frozen=True, kw_only=True)
class DemoAccount:
    """Someone to sign in as; `story` is where a student stands, None for staff; `group` is whom a tutor follows."""

    given_name: str
    family_name: str
    role: Role = Role.STUDENT
    story: Story | None = None
    group: str = ""

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def email(self) -> str:
        return f"{unaccented(self.given_name)}.{unaccented(self.family_name)}@{DOMAIN}".replace(" ", "-")


STAFF = (
    DemoAccount(given_name="Agnès", family_name="Delmas", role=Role.ADMIN),
    DemoAccount(given_name="Bruno", family_name="Keller", role=Role.MANAGER),
    DemoAccount(given_name="Claire", family_name="Aubert", role=Role.TUTOR, group=_A),
    DemoAccount(given_name="Corentin", family_name="Vasseur", role=Role.TUTOR, group=_A),
    DemoAccount(given_name="Driss", family_name="Benali", role=Role.TUTOR, group=_B),
)

STUDENTS = (
    DemoAccount(given_name="Adama", family_name="Traoré", story=Story.ON_TIME),
    DemoAccount(given_name="Alice", family_name="Marchand", story=Story.MIDDLE_OF_LESSON),
    DemoAccount(given_name="Baptiste", family_name="Roux", story=Story.TIMED_QUIZ_OPEN),
    DemoAccount(given_name="Chloé", family_name="Lefort", story=Story.AHEAD),
    DemoAccount(given_name="Damien", family_name="Costa", story=Story.LATE),
    DemoAccount(given_name="Élodie", family_name="Nguyen", story=Story.EXTRA_TIME),
    DemoAccount(given_name="Farid", family_name="Haddad", story=Story.NEW),
    DemoAccount(given_name="Gaëlle", family_name="Le Bihan", story=Story.OUT_OF_ATTEMPTS),
    DemoAccount(given_name="Hugo", family_name="Perrin", story=Story.TO_REDO),
    DemoAccount(given_name="Inès", family_name="Moreau", story=Story.PASSED),
    DemoAccount(given_name="Jonas", family_name="Weber", story=Story.UNTIMED_QUIZ_OPEN),
    DemoAccount(given_name="Karima", family_name="Saïdi", story=Story.ON_TIME),
    DemoAccount(given_name="Léa", family_name="Fontaine", story=Story.EXTRA_MINUTES),
    DemoAccount(given_name="Maxime", family_name="Olivier", story=Story.DATES_MOVED),
    DemoAccount(given_name="Nadia", family_name="Cherif", story=Story.STOPPED),
    DemoAccount(given_name="Océane", family_name="Payet", story=Story.CLOSED_BY_CLOCK),
    DemoAccount(given_name="Paul", family_name="Girard", story=Story.LATE_ANSWERS),
    DemoAccount(given_name="Quentin", family_name="Vidal", story=Story.LATE),
    DemoAccount(given_name="Rose", family_name="Kouassi", story=Story.AWAITING_MARK),
    DemoAccount(given_name="Samuel", family_name="Petit", story=Story.JUST_BEGUN),
    DemoAccount(given_name="Théo", family_name="Lambert", story=Story.INVITED),
    DemoAccount(given_name="Valérie", family_name="Simon", story=Story.MARKED),
    DemoAccount(given_name="Yanis", family_name="Boucher", story=Story.DISABLED),
    DemoAccount(given_name="Zoé", family_name="Caron", story=Story.LEFT),
)


def seed_demo(session: Session, *, catalogue: Catalogue, files: FileStore, passwords: Passwords, now: datetime) -> bool:
    """Make the demonstration cohort, whose present week is the fifth; false when it is already there.

    People, what they did and their marks are the same each time; every moment follows from `now`.
    """
    if people.find_cohort(session, COHORT) is not None:
        return False
    cohort = people.create_cohort(
        session,
        code=COHORT,
        title="Promotion de démonstration",
        programme=catalogue.programme().id,
        week_one_on=_week_one(now),
        time_zone=DEFAULT_ZONE,
    )
    _Seed(session, catalogue, files, passwords, cohort, now).fill()
    return True


def _week_one(now: datetime) -> date:
    today = now.astimezone(ZoneInfo(DEFAULT_ZONE)).date()
    return today - timedelta(days=today.weekday(), weeks=PRESENT_WEEK - 1)


class _Seed:
    """What all the people of the cohort share while they are made."""

    def __init__(
        self,
        session: Session,
        catalogue: Catalogue,
        files: FileStore,
        passwords: Passwords,
        cohort: Cohort,
        now: datetime,
    ) -> None:
        self.session = session
        self.catalogue = catalogue
        self.files = files
        self.cohort = cohort
        self.calendar = Calendar(week_one_on=cohort.week_one_on, time_zone=cohort.time_zone)
        self.now = now
        self.made_at = self.calendar.start_of(0)
        self.hashes = {
            role: signin.hashed_new_password(PASSWORD, about=(), passwords=passwords)
            for role in {account.role for account in (*STAFF, *STUDENTS)}
        }

    def fill(self) -> None:
        groups = {name: people.create_group(self.session, self.cohort.id, name=name) for name in _GROUPS}
        staff = [self.person(account) for account in STAFF]
        tutors: dict[str, Person] = {}
        for account, person in zip(STAFF, staff, strict=True):
            if account.group:
                group_id = groups[account.group].id
                people.assign_tutor(self.session, person, group_id=group_id, by=staff[0].id, now=self.made_at)
                tutors[account.group] = person
        for index, account in enumerate(STUDENTS):
            name = _GROUPS[index * len(_GROUPS) // len(STUDENTS)]
            learner = self.student(account, groups[name], by=staff[0].id)
            if account.story is not Story.LEFT:
                self.mark(learner, account.story, marker=as_asker(tutors[name]))

    def mark(self, learner: SignedIn, story: Story | None, *, marker: SignedIn) -> None:
        """The tutor's evenings of the weeks before; one work of the present week is given back already."""
        mark_past_works(
            self.session,
            marker=marker,
            learner=learner,
            catalogue=self.catalogue,
            before=self.calendar.start_of(PRESENT_WEEK),
            until=self.now,
        )
        if story is Story.MARKED:
            mark_work(self.session, files=self.files, marker=marker, learner=learner, catalogue=self.catalogue)

    def person(self, account: DemoAccount) -> Person:
        person = people.create_person(
            self.session,
            email=account.email,
            given_name=account.given_name,
            family_name=account.family_name,
            role=account.role,
            is_demo=True,
            by=None,
            now=self.made_at,
        )
        if account.story is not Story.INVITED:
            person.password_hash = self.hashes[account.role]
        return person

    def student(self, account: DemoAccount, group: Group, *, by: int) -> SignedIn:
        person = self.person(account)
        enrolment = people.enrol(
            self.session,
            person,
            cohort_id=self.cohort.id,
            group_id=group.id,
            started_on=self.cohort.week_one_on,
            by=by,
            now=self.made_at,
        )
        learner = as_asker(person, self.enrolled(enrolment))
        if account.story is not None:
            live(account.story, Walk(self.session, learner, self.catalogue, now=self.now))
        if account.story is Story.DISABLED:
            signin.disable_account(self.session, person.id, by=by, now=self.now)
        if account.story is Story.LEFT:
            today = self.now.astimezone(ZoneInfo(DEFAULT_ZONE)).date()
            people.end_enrolment(self.session, enrolment, ended_on=today, by=by, now=self.now)
        return learner

    def enrolled(self, enrolment: Enrolment) -> Enrolled:
        return Enrolled(
            enrolment_id=enrolment.id,
            cohort_id=self.cohort.id,
            cohort_title=self.cohort.title,
            group_id=enrolment.group_id,
            programme=self.cohort.programme,
            calendar=self.calendar,
            started_on=enrolment.started_on,
        )
