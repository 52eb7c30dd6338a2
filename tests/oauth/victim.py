"""A process that renews a token or signs in, and dies where MAILBRIDGE_CRASH_AT says.

    python -m tests.oauth.victim STORE_URL PROVIDER_PORT renew|login
"""

from __future__ import annotations

import os
import sys

from mailbridge.clock import SystemClock
from mailbridge.oauth.endpoint import Endpoint
from mailbridge.oauth.login import begin, code_in, keep
from mailbridge.ops import crash
from mailbridge.store.engine import Store
from tests.fakes.identity_provider import IdentityProvider
from tests.oauth.accounts import a_source, a_vault, an_account


def main(url: str, port: int, what: str) -> None:
    crash.arm(os.environ["MAILBRIDGE_CRASH_AT"])
    account = an_account(IdentityProvider(port=port))
    store = Store(url)
    if what == "renew":
        a_source(account, store).token()
    else:
        begun = begin(account, 8478)
        code = code_in(f"http://127.0.0.1:8478/?code=known&state={begun.state}", begun)
        keep(account, Endpoint(account, SystemClock()).for_code(code, os.environ["VERIFIER"], begun.redirect), store, a_vault())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
