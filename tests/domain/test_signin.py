"""Passwords, waits, places, and where signing in may lead."""

from __future__ import annotations

import random
from collections import deque
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deust.domain.access import Role
from deust.domain.common_passwords import COMMON
from deust.domain.errors import WeakPassword
from deust.domain.signin import (
    Failures,
    Tries,
    asking,
    device_mark,
    ensure_strong,
    local_path,
    network_of,
    normalised_password,
    session_length,
    wait_seconds,
)

NOW = datetime(2026, 10, 13, 8, 0, tzinfo=UTC)
ABOUT = ("zoe.lefevre@example.org", "Zoë", "Lefèvre")
SECRET = b"a secret"


def refusal(password: str) -> str | None:
    try:
        ensure_strong(password, about=ABOUT, common=COMMON)
    except WeakPassword as weak:
        return weak.reason
    return None


@pytest.mark.parametrize(
    "password",
    [
        "marée haute à Étaples",
        " une espace au début",
        "toutenminuscules",
        "🎧🎤🎵🎶📞📟📠🔔🔕🔊🔉🔈🔇📢🥁",
        "mot " * 50 + "différent",
        "é" * 7 + "tamanoir",
    ],
)
def test_any_long_text_is_a_password_whatever_its_signs(password: str) -> None:
    assert refusal(password) is None


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("quatorze signe", "short"),
        ("🎧🎤🎵🎶📞📟📠🔔🔕🔊🔉🔈🔇📢", "short"),
        (" " * 20, "short"),
        ("e\u0301" * 8, "short"),
        ("tamanoir velu " * 80, "long"),
        ("un demi-couple \ud83d", "long"),
        ("motdepasse12345", "common"),
        ("Motdepasse2026!!", "common"),
        ("correct horse battery staple", "common"),
        ("azertyuiop123456", "common"),
        ("aaaaaaaaaaaaaaaa", "common"),
        ("tralalatralalatra", "common"),
        ("987654321abcdefgh", "common"),
        ("le chat de zoe.lefevre", "personal"),
        ("le chat de Zoe.Lefevre@example.org", "personal"),
        ("LEFEVRE et son chat", "personal"),
    ],
)
def test_short_common_and_personal_passwords_are_refused(password: str, reason: str) -> None:
    assert refusal(password) == reason


def test_length_is_counted_from_15_to_1024() -> None:
    letters = random.Random(7)
    text = "".join(letters.choice("aeghiknorstuxz ") for _ in range(1025)).replace("  ", "x ")[:1025]
    assert [refusal(text[:size]) for size in (14, 15, 1024, 1025)] == ["short", None, None, "long"]


def test_a_short_name_is_not_searched_inside_words() -> None:
    ensure_strong("limace bleue du lac", about=("li@example.org", "Li", "Wu"), common=COMMON)


def test_spaces_are_kept_and_accents_have_one_form() -> None:
    assert normalised_password("  e\u0301te\u0301 ") == "  été "


def test_staff_sessions_are_shorter() -> None:
    assert session_length(Role.STUDENT) == timedelta(days=14)
    assert {session_length(role) for role in Role if role is not Role.STUDENT} == {timedelta(hours=12)}


counts = st.integers(0, 500)
ages = st.integers(0, 1200).map(lambda seconds: NOW - timedelta(seconds=seconds))


def tries(pair: int, account: int, address: int, successes: int, last_at: datetime = NOW) -> Tries:
    return Tries(
        pair=Failures(count=pair, last_at=last_at),
        account=Failures(count=account, last_at=last_at),
        address=Failures(count=address, last_at=last_at),
        address_successes=successes,
    )


@given(counts, counts, counts, counts, ages)
def test_no_wait_is_above_its_cap(pair: int, account: int, address: int, successes: int, last_at: datetime) -> None:
    wait = wait_seconds(tries(pair, account, address, successes, last_at), now=NOW)
    assert 0 <= wait <= (900 if pair >= 5 else 60)


@given(counts, counts, counts, counts, ages, st.booleans())
def test_one_more_failure_never_shortens_the_wait(
    pair: int, account: int, address: int, successes: int, last_at: datetime, known: bool
) -> None:
    def wait(more: int) -> int:
        made = tries(pair + more, account + more, address + more, successes, last_at)
        return wait_seconds(made, now=NOW, is_known_device=known)

    assert wait(1) >= wait(0)


@given(counts, counts, counts, counts)
def test_the_wait_ends_by_itself(pair: int, account: int, address: int, successes: int) -> None:
    made = tries(pair, account, address, successes)
    wait = wait_seconds(made, now=NOW)
    assert wait_seconds(made, now=NOW + timedelta(seconds=wait)) == 0


def test_the_wait_on_one_account_from_one_place_doubles_from_five_failures() -> None:
    waits = [wait_seconds(tries(count, count, 0, 0), now=NOW) for count in range(4, 15)]
    assert waits == [0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


@given(counts, counts)
@pytest.mark.case("AU-01")
def test_others_cannot_keep_the_owner_out(account: int, address: int) -> None:
    attacked = tries(0, account, address, 0)
    assert wait_seconds(attacked, now=NOW) <= 60
    assert wait_seconds(attacked, now=NOW, is_known_device=True) == 0


def test_one_place_guessing_many_accounts_waits() -> None:
    assert wait_seconds(tries(1, 1, 20, 0), now=NOW) == 0
    assert wait_seconds(tries(1, 1, 21, 0), now=NOW) == 5
    assert wait_seconds(tries(1, 1, 40, 0), now=NOW) == 60


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.case("AU-02")
def test_a_campus_behind_one_address_is_never_slowed(seed: int) -> None:
    """AU-02: 1,285 students within two minutes, one in ten typing a wrong password first."""
    chance = random.Random(seed)
    acts = [(student, False) for student in range(1285) if student % 10 == 0]
    acts += [(student, True) for student in range(1285)]
    chance.shuffle(acts)
    failures: deque[datetime] = deque()
    successes = 0
    for place, (_student, has_succeeded) in enumerate(acts):
        now = NOW + timedelta(seconds=120 * place / len(acts))
        seen = Failures(count=len(failures), last_at=failures[-1] if failures else None)
        pair = Failures(count=1, last_at=seen.last_at)
        assert wait_seconds(Tries(pair=pair, address=seen, address_successes=successes), now=now) == 0
        successes += has_succeeded
        if not has_succeeded:
            failures.append(now)
    assert len(failures) == 129


def asked(device: str | None = None, email: str = "Zoe@Example.org ", address: str = "192.0.2.7") -> object:
    return asking(email=email, address=address, device=device, secret=SECRET)


def test_an_account_is_one_however_its_address_is_typed() -> None:
    assert asked() == asked(email="zoe@example.ORG")
    assert asked() != asked(email="zoe@example.com")
    assert asked() != asked(address="192.0.2.8")


def test_a_device_is_known_by_its_own_account_only() -> None:
    account_key = asked().account_key
    mark = device_mark(account_key, "nonce", secret=SECRET)
    assert asked(mark).is_known_device
    assert asked(mark, address="198.51.100.1").place_key == asked(mark).place_key
    for forged in (
        "nonce.",
        "other." + mark.partition(".")[2],
        mark[:-1] + "é",
        device_mark(account_key, "n", secret=b""),
    ):
        assert not asked(forged).is_known_device
    assert not asked(mark, email="lea@example.org").is_known_device


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_one_ipv6_customer_is_one_place(address: str | None, place: str) -> None:
    assert network_of(address) == place


@pytest.mark.parametrize("target", ["/", "/aujourdhui", "/modules/ec131/01?x=1&y=%20#fin", "/é"])
def test_a_path_of_this_site_is_followed(target: str) -> None:
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "aujourdhui",
        "https://exemple.fr/",
        "//exemple.fr",
        "///exemple.fr",
        "/\\exemple.fr",
        "\\\\exemple.fr",
        "/\t/exemple.fr",
        "/\n/exemple.fr",
        "/ /exemple.fr",
        "/x\0",
        "/\u202e",
        "javascript:alert(1)",
        "/" + "x" * 3000,
    ],
)
def test_anything_that_could_lead_elsewhere_is_not(target: str | None) -> None:
    assert local_path(target) is None
