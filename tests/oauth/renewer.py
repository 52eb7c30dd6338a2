"""A process of a desk that needs tokens: one for each line it reads, at a clock that the line puts so many minutes ahead.

    python -m tests.oauth.renewer STORE_URL PROVIDER_PORT

It says `asking` before it asks, and then the token, or what went wrong.  Its log goes to standard error.
"""

from __future__ import annotations

import sys

from mailbridge.errors import Transient
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from tests.fakes.identity_provider import IdentityProvider
from tests.oauth.accounts import MovableClock, a_source, an_account


def main(url: str, port: int) -> None:
    logs.configure()
    clock = MovableClock()
    source = a_source(an_account(IdentityProvider(port=port)), Store(url), clock)
    print("ready", flush=True)
    for line in sys.stdin:
        clock.move(minutes=float(line))
        print("asking", flush=True)
        try:
            print(source.token().value, flush=True)
        except Transient as error:
            print(f"failed: {error}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
