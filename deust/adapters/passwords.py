"""Password hashing: argon2id, a bounded number at a time so that a rush of sign-ins queues instead of swapping."""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


class Passwords:
    """argon2id with 46 MiB, one pass, one lane (OWASP password storage); `cost_kib` is lowered in tests only."""

    def __init__(self, *, cost_kib: int = 47_104, at_once: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=1, memory_cost=cost_kib, parallelism=1)
        self._slots = BoundedSemaphore(at_once)
        self._decoy = self._hasher.hash("a password that nobody has")

    def hashed(self, password: str) -> str:
        with self._slots:
            return self._hasher.hash(password)

    def matches(self, hashed: str | None, password: str) -> bool:
        """Whether the password is the one hashed. Without a hash it works as long, and says no."""
        with self._slots:
            try:
                return self._hasher.verify(hashed or self._decoy, password) and hashed is not None
            except (VerificationError, InvalidHashError):
                return False
