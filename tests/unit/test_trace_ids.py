"""Trace ids are ULIDs: they sort by time, read back as their 128 bits, and nothing else is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from secrets import token_bytes

import pytest

from mailbridge.message.trace_ids import new_trace_id, parse_trace_id

NOW = datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_the_first_ten_digits_are_the_time() -> None:
    # The example of https://github.com/ulid/spec: 1469918176385 ms are 01ARYZ6S41.
    at = datetime(2016, 7, 30, 22, 36, 16, 385_000, tzinfo=UTC)
    assert new_trace_id(at, lambda size: b"\0" * size) == "01ARYZ6S41" + "0" * 16
    assert new_trace_id(at, lambda size: b"\xff" * size) == "01ARYZ6S41" + "Z" * 16


def test_later_ids_sort_behind_earlier_ones() -> None:
    ids = [new_trace_id(NOW + timedelta(milliseconds=n), token_bytes) for n in range(20)]
    assert sorted(ids) == ids
    assert len({new_trace_id(NOW, token_bytes) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["", "7", "8" + "0" * 25, "0" * 25, "0" * 27, "0" * 25 + "U", "0" * 25 + "\n0"])
def test_nothing_else_is_an_id(text: str) -> None:
    assert parse_trace_id(text) is None


def test_letters_may_be_small() -> None:
    assert parse_trace_id(" 01aryz6s41tsv4rrffq69g5fav ") == "01ARYZ6S41TSV4RRFFQ69G5FAV"
