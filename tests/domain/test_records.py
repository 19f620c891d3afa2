"""Receipt codes as people type them."""

from __future__ import annotations

import pytest

from deust.domain.records import ALPHABET, CODE_BITS, CODE_LENGTH, code_of, grouped, read_code

SIGNS = "7K3M9P2X0V1J5QRSTWYZABCDEFGH"


def test_a_code_is_long_enough_and_reads_in_groups_of_four() -> None:
    assert len(ALPHABET) ** CODE_LENGTH >= 2**128
    assert not set("ILOU") & set(ALPHABET)
    assert grouped(SIGNS) == "7K3M-9P2X-0V1J-5QRS-TWYZ-ABCD-EFGH"


def test_each_number_writes_a_code_of_its_own() -> None:
    numbers = [0, 1, 2**CODE_BITS - 1, *(2**power for power in range(1, CODE_BITS))]
    codes = {code_of(number) for number in numbers}
    assert len(codes) == len(numbers)
    assert {read_code(code) for code in codes} == codes
    assert code_of(31).startswith("Z000-")


@pytest.mark.parametrize("typed", [grouped(SIGNS), SIGNS.lower(), "7k3m 9p2x ov1j 5qrs twyz abcd efgh", f" {SIGNS} "])
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert read_code(typed) == grouped(SIGNS)


@pytest.mark.parametrize("typed", ["", SIGNS[:-1], SIGNS + "0", SIGNS[:-1] + "U", "é" * CODE_LENGTH, "../" * 9 + "x"])
def test_anything_else_is_no_code(typed: str) -> None:
    assert read_code(typed) is None
