"""Whatever somebody writes into a rule file, it is a policy or a list of mistakes, never an exception."""

from __future__ import annotations

from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.rules import folder
from mailbridge.rules.load import load
from mailbridge.rules.tools import examples
from mailbridge.rules.tools.format import tidied
from mailbridge.rules.tools.unreachable import unreachable
from tests.examples import examples as tries

SHIPPED, _ = folder.read(Path(__file__).parents[3])
PIECES = (
    "{", "}", "[", "]", ":", " ", "\n", "- ", "'", '"', "null", "true", "-1", "9" * 30, "*", "&a ", "!!x ", "#", "|", "all", "any", "not",
    "header", "regex", "\\", "${x}", "é", "\0", "{}", "[]", "~", "0x", "is", "over", "team", "\ud800", "\t", "%", "@",
)  # fmt: skip


def broken(random: Random) -> tuple[str, str]:
    """One of the shipped files with a few characters taken out or put in."""
    path = random.choice(sorted(SHIPPED))
    text = SHIPPED[path]
    for _ in range(random.randint(1, 4)):
        start = random.randrange(len(text) + 1)
        end = start + random.choice((0, 0, 1, 5, 40))
        text = text[:start] + random.choice(("", *PIECES)) + text[end:]
    return path, text


@settings(max_examples=tries(250), deadline=None)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_loading_is_total(seed: int) -> None:
    path, text = broken(Random(seed))
    loaded = load({**SHIPPED, path: text})

    assert (loaded.policy is None) == any(not problem.warning for problem in loaded.problems)
    assert tidied(path, tidied(path, text)) == tidied(path, text)
    if loaded.policy is not None:
        examples.failures(loaded.policy)
        unreachable([compiled.rule for compiled in loaded.policy.rules.rules])


@settings(max_examples=tries(100), deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_at_all_is_told_about(text: str) -> None:
    loaded = load({**SHIPPED, "rules/routing/50-x.yaml": text})

    assert loaded.policy is not None or loaded.problems
