"""What the person who runs the tests has set: MAILBRIDGE_CORPUS, MAILBRIDGE_HOSTILE, MAILBRIDGE_CASES, MAILBRIDGE_REQUIRE_SERVERS.

They are no desk's variables, and a desk refuses variables that it does not know.  So the tests put them aside, under other names, before
anything else happens; worker processes of the tests inherit those.
"""

from __future__ import annotations

import os

_ASIDE = "TESTS_"
_OURS = "MAILBRIDGE_"


def put_aside() -> None:
    """No variable of ours is in the environment any more; `asked` still finds what it said."""
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        os.environ[_ASIDE + name] = os.environ.pop(name)


def asked(name: str) -> str:
    """What the tester set, '' where nothing."""
    return os.environ.get(_ASIDE + name) or os.environ.get(name) or ""
