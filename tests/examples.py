"""How many examples a property is tried with."""

from __future__ import annotations

import os

PERCENT = int(os.environ.get("TESTS_EXAMPLES_PERCENT", "100"))


def examples(count: int) -> int:
    """`count` in the whole run; less where TESTS_EXAMPLES_PERCENT says so, as on the further Pythons, where they would find the same."""
    return max(5, count * PERCENT // 100)
