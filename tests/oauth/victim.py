"""A renewal of a token and a login, as processes do them that are killed."""

from __future__ import annotations

from mailbridge.clock import SystemClock
from mailbridge.oauth.endpoint import TokenEndpoint
from mailbridge.oauth.login import begin, code_in, keep
from mailbridge.store.engine import Store
from tests.fakes.identity_provider import IdentityProvider
from tests.oauth.accounts import a_source, a_vault, an_account


def renew(url: str, port: int) -> None:
    a_source(an_account(IdentityProvider(port=port)), Store(url)).token()


def sign_in(url: str, port: int, verifier: str) -> None:
    """With the code `known`; the provider has the challenge to the verifier."""
    account = an_account(IdentityProvider(port=port))
    begun = begin(account, 8478)
    code = code_in(f"http://127.0.0.1:8478/?code=known&state={begun.state}", begun)
    keep(account, TokenEndpoint(account, SystemClock()).for_code(code, verifier, begun.redirect), Store(url), a_vault())
