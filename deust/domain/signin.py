"""Signing in: what a password must be, how long a guesser waits, how long a device stays signed in."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from itertools import pairwise
from math import ceil
from urllib.parse import urlsplit

from deust.domain.access import Role
from deust.domain.errors import WeakPassword
from deust.domain.people import normalised_email
from deust.domain.texts import unaccented

SHORTEST = 15
LONGEST = 1024
_SHORTEST_NAME = 4

WINDOW = timedelta(minutes=15)
TOLD_FROM = 10
TOLD_AGAIN = timedelta(hours=1)

RESET_LASTS = timedelta(hours=1)
INVITATION_LASTS = timedelta(days=7)
RESETS_AN_HOUR = 3

_STUDENT_SESSION = timedelta(days=14)
_STAFF_SESSION = timedelta(hours=12)
_LONGEST_PATH = 2000

_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "1a2z3e4r5t6y7u8i9o0p",
)
_NEIGHBOURS = frozenset(pair for row in _ROWS for way in (row, row[::-1]) for pair in pairwise(way))


def session_length(role: Role) -> timedelta:
    """How long a device stays signed in: 14 days for a student, 12 hours for anyone who sees other people's work."""
    return _STUDENT_SESSION if role is Role.STUDENT else _STAFF_SESSION


# Passwords


def normalised_password(password: str) -> str:
    """The form that is counted and hashed: é is one character, however the keyboard made it. Nothing is trimmed."""
    return unicodedata.normalize("NFC", password)


def ensure_strong(password: str, *, about: Iterable[str], common: frozenset[str]) -> None:
    """Refuses a password under 15 characters or over 1,024, one that everybody tries, one that names its owner.

    Nothing else is asked: no capital, no figure, no sign. `about` are the owner's e-mail and names.
    """
    password = normalised_password(password)
    if len(password) < SHORTEST or not password.strip():
        raise WeakPassword("short")
    if len(password) > LONGEST or not _is_encodable(password):
        raise WeakPassword("long")
    if is_common(password, common):
        raise WeakPassword("common")
    if _names_owner(password, about):
        raise WeakPassword("personal")


def is_common(password: str, common: frozenset[str]) -> bool:
    """Whether guessers try it early: listed, spaced out, with figures around, repeated, or a run along the keyboard."""
    folded = password.casefold()
    core = folded.strip("".join({character for character in folded if not character.isalpha()}))
    joined = "".join(character for character in folded if character.isalnum())
    return not common.isdisjoint({folded, core, joined}) or any(map(_is_repeated, (folded, core))) or _is_run(folded)


def _is_repeated(text: str) -> bool:
    """Whether a beginning of at most half of the text, over and over, makes all of it."""
    if len(text) < SHORTEST // 2:
        return False
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _is_run(text: str) -> bool:
    """Whether the text is a few runs of neighbours on the keyboard or in the alphabet: four characters each or more."""
    breaks = sum(before != after and (before, after) not in _NEIGHBOURS for before, after in pairwise(text))
    return (breaks + 1) * 4 <= len(text)


def _names_owner(password: str, about: Iterable[str]) -> bool:
    bare = unaccented(password)
    parts = {part for known in about for part in (unaccented(known), unaccented(known.partition("@")[0]))}
    return any(len(part) >= _SHORTEST_NAME and part in bare for part in parts)


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


# Throttling


@dataclass(frozen=True, kw_only=True)
class Failures:
    """How many failures in the last 15 minutes, and when the last was."""

    count: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Tries:
    """Tries of the last 15 minutes: on this account from this place, on it from anywhere, from this place on any."""

    pair: Failures = field(default_factory=Failures)
    account: Failures = field(default_factory=Failures)
    address: Failures = field(default_factory=Failures)
    address_successes: int = 0


def wait_seconds(tries: Tries, *, now: datetime, is_known_device: bool = False) -> int:
    """Seconds before the next try is looked at; 0 when it may be now.

    - Five failures on an account from one place cost 5 s, and each further one twice as much, up to 15 minutes.
    - Failures from everywhere cost at most a minute, and nothing to a device that signed in to this account before:
      nobody else can lock its owner out.
    - A place counts against everyone there only beyond 20 failures, and two more for each success: a campus whose
      1,285 students sign in behind one address never waits.
    """
    waits = [_left(tries.pair, _doubled(tries.pair.count, free=5, cap=900), now)]
    if not is_known_device:
        excess = tries.address.count - 20 - 2 * tries.address_successes
        waits.append(_left(tries.account, _doubled(tries.account.count, free=10, cap=60), now))
        waits.append(_left(tries.address, _doubled(excess, free=1, cap=60), now))
    return max(waits)


def _doubled(count: int, *, free: int, cap: int) -> int:
    """5 s at `free` failures, twice as much at each further one, never above `cap`."""
    return 0 if count < free else min(cap, 5 * 2 ** min(count - free, 10))


def _left(failures: Failures, delay: int, now: datetime) -> int:
    if failures.last_at is None:
        return 0
    return max(0, min(delay, ceil(delay - (now - failures.last_at).total_seconds())))


def network_of(address: str | None) -> str:
    """What one place is: an IPv4 address, or the /64 network that one IPv6 customer holds."""
    try:
        ip = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))
    return str(ip)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who tries to sign in and from where. Only the keyed hashes are ever stored."""

    email: str
    account_key: str
    place_key: str
    is_known_device: bool


def asking(*, email: str, address: str | None, device: str | None, secret: bytes, act: str = "sign-in") -> Asking:
    """A try at an act; a device that holds the mark of this account is a place of its own, apart from its address."""
    email = normalised_email(email)
    account_key = keyed(secret, act, email)
    is_known = device is not None and is_mark_of(device, account_key, secret=secret)
    place = device if device is not None and is_known else network_of(address)
    return Asking(
        email=email,
        account_key=account_key,
        place_key=keyed(secret, f"{act} from", place),
        is_known_device=is_known,
    )


def keyed(secret: bytes, label: str, value: str) -> str:
    """A hash that nobody can recompute without the secret, so that a list of addresses cannot be tried against it."""
    return hmac.new(secret, f"{label}\0{value}".encode(errors="replace"), "sha256").hexdigest()


def device_mark(account_key: str, nonce: str, *, secret: bytes) -> str:
    """What a device keeps to be known again by this account, and by no other."""
    return f"{nonce}.{keyed(secret, 'device', account_key + nonce)}"


def is_mark_of(mark: str, account_key: str, *, secret: bytes) -> bool:
    expected = device_mark(account_key, mark.partition(".")[0], secret=secret)
    return hmac.compare_digest(mark.encode(errors="replace"), expected.encode(errors="replace"))


# Where to go next


def local_path(target: str | None) -> str | None:
    """The target when it is a page of this site, written from its root; None for anything that could lead elsewhere."""
    if not target or len(target) > _LONGEST_PATH or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(unicodedata.category(character).startswith(("C", "Z")) for character in target):
        return None
    return None if urlsplit(target).netloc else target
