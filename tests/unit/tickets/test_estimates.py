"""How long a ticket will take: by its type, else by what such tickets took before."""

from __future__ import annotations

from statistics import median as exact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.tickets.estimates import Estimate, by_history, by_type, median, percentile
from tests.builders import an_organisation

MINUTES = st.lists(st.integers(1, 10_000), min_size=1, max_size=40)


def test_the_type_says_it() -> None:
    organisation = an_organisation(estimates={"incident": 120})

    assert by_type("incident", organisation) == Estimate(minutes=120, by="type")
    assert by_type("question", organisation) is None
    assert by_type("", organisation) is None


def test_the_customers_own_past_counts_before_that_of_all() -> None:
    assert by_history([30, 40, 200], [1, 1, 1, 1]) == Estimate(minutes=40, by="history", most=200)
    assert by_history([30, 40], [10, 20, 30, 40, 50]) == Estimate(minutes=30, by="history", most=40)
    assert by_history([30, 40], [30, 40]) is None
    assert by_history([], []) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [([7], 7), ([1, 2], 2), ([3, 1], 2), ([5, 1, 9], 5), ([1, 2, 3, 4], 3)],
)
def test_the_median_is_the_middle(values: list[int], expected: int) -> None:
    assert median(values) == expected


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([1, 2, 3, 4, 5], 80, 4), ([1, 2, 3, 4, 5], 81, 5), ([5, 4, 3, 2, 1], 20, 1), ([9], 80, 9), ([1, 2, 3], 0, 1), ([1, 2, 3], 100, 3)],
)
def test_the_percentile_is_the_nearest_rank(values: list[int], share: int, expected: int) -> None:
    assert percentile(values, share) == expected


@given(MINUTES)
def test_the_median_agrees_with_the_standard_library(values: list[int]) -> None:
    assert abs(median(values) - exact(values)) <= 0.5


@given(MINUTES, st.integers(0, 100))
def test_at_least_that_share_is_not_above_the_percentile_and_it_is_the_smallest_such_value(values: list[int], share: int) -> None:
    found = percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) * 100 >= share * len(values)
    assert all(sum(value <= smaller for value in values) * 100 < share * len(values) for smaller in values if smaller < found)


@given(MINUTES)
def test_the_middle_is_not_above_what_four_of_five_did_not_exceed(values: list[int]) -> None:
    assert median(values) <= percentile(values, 80)


def test_nothing_has_neither() -> None:
    with pytest.raises(ValueError, match="no median"):
        median([])
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 80)
