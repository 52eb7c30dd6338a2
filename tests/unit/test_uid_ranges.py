"""Sets of UIDs as ranges behave as sets of UIDs."""

from __future__ import annotations

import random

from mailbridge.doctor.uid_ranges import UidRanges


def test_they_behave_as_sets() -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(300):
        one, other = ({chance.randrange(1, 40) for _ in range(chance.randrange(30))} for _ in range(2))
        left, right = UidRanges.of_uids(one), UidRanges.of_uids(other)
        assert list(left | right) == sorted(one | other)
        assert list(left - right) == sorted(one - other)
        assert list(left & right) == sorted(one & other)
        assert (len(left), bool(left)) == (len(one), bool(one))
        assert all(first[1] + 1 < second[0] for first, second in zip(left.parts, left.parts[1:], strict=False))


def test_packed_sets_are_short_enough() -> None:
    ranges = UidRanges.of([(1, 4), (7, 7), (10, 12)])
    assert list(ranges.packed()) == ["1:4,7,10:12"]
    assert list(ranges.packed(6)) == ["1:4,7", "10:12"]
    assert list(UidRanges().packed()) == []
