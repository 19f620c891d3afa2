"""Receipt codes: easy to read aloud, and too many to guess; how often a mail is tried."""

from __future__ import annotations

MOST_TRIES = 12
"""After that many, a mail is given up."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that no sign is taken for another."""

CODE_LENGTH = 28
"""In seven groups of four."""

_SIGN_BITS = 5
CODE_BITS = CODE_LENGTH * _SIGN_BITS

_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})


def code_of(number: int) -> str:
    """The code that a number of 140 bits writes."""
    places = range(0, CODE_BITS, _SIGN_BITS)
    return grouped("".join(ALPHABET[number >> place & 31] for place in places))


def grouped(signs: str) -> str:
    """The signs in groups of four: « 7K3M-9P2X-… »."""
    return "-".join(signs[start : start + 4] for start in range(0, len(signs), 4))


def read_code(typed: str) -> str | None:
    """The code as it is kept, however it was typed: small letters, spaces, O for 0. None when it cannot be one."""
    signs = "".join(typed.upper().replace("-", " ").split()).translate(_READ_AS)
    if len(signs) != CODE_LENGTH or not set(signs) <= set(ALPHABET):
        return None
    return grouped(signs)
