"""`mailbridge auth`: each flow to its end, refused consents, and nothing secret in what is shown."""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate

from mailbridge.cli.auth import auth
from mailbridge.clock import SystemClock
from mailbridge.config.model import OAuth
from mailbridge.config.providers import GOOGLE, MICROSOFT, Flow
from mailbridge.oauth import jwt
from mailbridge.oauth.answers import Granted
from mailbridge.oauth.endpoint import TokenEndpoint
from mailbridge.oauth.login import LoginFailed, Loopback, begin, code_in, keep, wait_for_device
from mailbridge.oauth.model import AccessToken, TokenRefused
from mailbridge.store.engine import Store
from tests.fakes.identity_provider import IdentityProvider, browse, failing, running
from tests.oauth.accounts import CLIENT_SECRET, KEY, a_config_text, a_source, a_vault, an_account, signed_in

DESK = '[desk]\nname = "Acme Support"\naddress = "support@desk.test"\nadmins = ["boss@desk.test"]\n'
MAILBOX = '[[mailbox]]\nname = "main"\nhost = "127.0.0.1"\nport = 1\ntls = "none"\nuser = "support@desk.test"\noauth = "support"\n'


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with running() as found:
        yield found


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    opened = Store(sqlite_store_url)
    yield opened
    opened.close()


def by_code(account: OAuth, provider: IdentityProvider) -> Granted:
    begun = begin(account, 8478)
    answer = provider.sign_in(begun.url)
    return TokenEndpoint(account, SystemClock()).for_code(code_in(answer, begun), begun.verifier, begun.redirect)


def test_a_code_with_pkce_becomes_a_login(store: Store, provider: IdentityProvider) -> None:
    account = an_account(provider)

    grant = keep(account, by_code(account, provider), store, a_vault())

    assert grant.identity == "support@desk.test"
    assert a_source(account, store).token().value in provider.tokens
    assert provider.asked[0][1]["client_secret"] == CLIENT_SECRET


def test_the_answer_of_another_request_is_not_taken(provider: IdentityProvider) -> None:
    account = an_account(provider)
    begun, other = begin(account, 8478), begin(account, 8478)

    with pytest.raises(LoginFailed, match="does not belong to this login"):
        code_in(provider.sign_in(other.url), begun)
    with pytest.raises(LoginFailed, match="access_denied the user said no"):
        code_in(f"{begun.redirect}?error=access_denied&error_description=the+user+said+no&state={begun.state}", begun)
    with pytest.raises(LoginFailed, match="no code"):
        code_in(f"{begun.redirect}?state={begun.state}", begun)
    with pytest.raises(TokenRefused):
        TokenEndpoint(account, SystemClock()).for_code(code_in(provider.sign_in(begun.url), begun), other.verifier, begun.redirect)


def test_consent_by_somebody_else_is_refused_and_the_login_before_stays(store: Store, provider: IdentityProvider) -> None:
    account = an_account(provider)
    signed_in(account, provider, store)
    before = a_source(account, store).token()
    provider.user = "ann@desk.test"

    with pytest.raises(LoginFailed, match=r'ann@desk\.test has signed in.*write account = "ann@desk\.test"'):
        keep(account, by_code(account, provider), store, a_vault())

    assert a_source(account, store).token() == before
    shared = replace(account, account="ann@desk.test")  # a shared mailbox: the configuration says so
    assert keep(shared, by_code(shared, provider), store, a_vault()).identity == "ann@desk.test"


def test_another_user_in_the_configuration_needs_another_login(store: Store, provider: IdentityProvider) -> None:
    account = an_account(provider)
    signed_in(account, provider, store)

    with pytest.raises(Exception, match=r"support@desk\.test has signed in, but not ann@desk\.test"):
        a_source(replace(account, account="ann@desk.test"), store).token()


@pytest.mark.parametrize(
    ("extra", "reason"),
    [({"scope": "imap"}, "leaves out smtp"), ({"refresh_token": None}, "no refresh token"), ({"id_token": "x"}, "does not say who")],
)
def test_a_consent_that_would_not_last_is_refused(store: Store, provider: IdentityProvider, extra: dict[str, object], reason: str) -> None:
    account = an_account(provider)
    account = replace(account, provider=replace(account.provider, identity=("openid", "email")))
    granted = by_code(account, provider)
    token = extra.get("refresh_token", granted.refresh_token) or ""
    odd = replace(granted, scope=tuple(str(extra.get("scope", "imap smtp")).split()), refresh_token=token)
    odd = replace(odd, identity=() if "id_token" in extra else odd.identity)

    with pytest.raises(LoginFailed, match=reason):
        keep(account, odd, store, a_vault())


def test_the_device_flow_waits_for_the_person(provider: IdentityProvider) -> None:
    endpoint = TokenEndpoint(an_account(provider, Flow.DEVICE), SystemClock())
    login = endpoint.device_login()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            provider.faults += [failing(400, {"error": "slow_down"}), failing(503)]
        if len(slept) == 3:
            provider.enter(login.user_code)

    granted = wait_for_device(endpoint, login, sleep)

    assert granted.identity == ("support@desk.test",)
    assert slept[:3] == [0, 5, 11], "slower when asked to, and slower still where there is no answer"


def test_a_device_code_that_nobody_enters_ends(provider: IdentityProvider) -> None:
    endpoint = TokenEndpoint(an_account(provider, Flow.DEVICE), SystemClock())
    login = replace(endpoint.device_login(), expires_in=timedelta(seconds=1))

    with pytest.raises(LoginFailed, match="in time"):
        wait_for_device(endpoint, login, lambda _seconds: None)


def test_a_certificate_signs_what_the_provider_can_check(tmp_path: Path, provider: IdentityProvider) -> None:
    file = a_certificate(tmp_path)
    account = an_account(provider, Flow.CLIENT_CREDENTIALS, client_secret="", certificate_file=file)
    account = replace(account, provider=replace(account.provider, assertion_algorithm="PS256"))

    TokenEndpoint(account, SystemClock()).for_app()

    form = provider.asked[0][1]
    header, claims, certificate = *parts(form["client_assertion"]), load_pem_x509_certificate(file.read_bytes())
    text, _, signature = form["client_assertion"].rpartition(".")
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(urlsafe_b64decode(signature + "=="), text.encode(), scheme, hashes.SHA256())
    assert header == {"alg": "PS256", "typ": "JWT", "x5t#S256": jwt.thumbprint(certificate)}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("client-1", "client-1", f"{provider.url}/token")
    assert "client_secret" not in form


def test_a_service_account_asks_in_the_name_of_the_mailbox(tmp_path: Path, provider: IdentityProvider) -> None:
    key = next(part for part in a_certificate(tmp_path).read_text().split("-----BEGIN ") if "KEY" in part)
    values = {"client_email": "desk@project.iam", "private_key_id": "k1", "private_key": f"-----BEGIN {key}"}
    file = tmp_path / "google.json"
    file.write_text(json.dumps(values))
    account = an_account(provider, Flow.SERVICE_ACCOUNT, service_account_file=file, scopes=GOOGLE.app_scopes)

    TokenEndpoint(account, SystemClock()).for_app()

    header, claims = parts(provider.asked[0][1]["assertion"])
    assert header == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert (claims["iss"], claims["sub"], claims["scope"]) == ("desk@project.iam", "support@desk.test", "https://mail.google.com/")


@pytest.mark.parametrize(
    ("provider_", "expected"),
    [
        (MICROSOFT, ["http%3A%2F%2Flocalhost%3A8478%2F", "openid+email", "offline_access", "code_challenge_method=S256"]),
        (GOOGLE, ["http%3A%2F%2F127.0.0.1%3A8478%2F", "access_type=offline", "prompt=consent"]),
    ],
)
def test_the_authorization_request_of_a_provider(provider: IdentityProvider, provider_: object, expected: list[str]) -> None:
    account = replace(an_account(provider), provider=provider_, scopes=provider_.scopes)  # type: ignore[arg-type, attr-defined]
    url = begin(account, 8478).url

    assert all(part in url for part in expected), url


def test_google_has_no_device_flow() -> None:
    assert Flow.DEVICE not in GOOGLE.flows


# -- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path, provider: IdentityProvider) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "mailbridge.toml").write_text(DESK + MAILBOX + a_config_text(provider, folder))
    return folder


def run(*arguments: str, text: str = "") -> Result:
    return CliRunner().invoke(auth, arguments, input=text, standalone_mode=False)


def test_login_by_the_loopback_port(desk: Path, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Loopback.answer

    def answer(self: Loopback, *_: object) -> str:
        icon = f"http://127.0.0.1:{self.port}/favicon.ico"
        threading.Thread(target=lambda: (suppressed(icon), browse(provider.sign_in(urls[0])))).start()
        return real(self, timedelta(seconds=20))

    urls: list[str] = []
    monkeypatch.setattr("click.echo", lambda text="", **_: urls.extend(word for word in str(text).split() if "/authorize?" in word))
    monkeypatch.setattr(Loopback, "answer", answer)

    result = run("login", "support", "--desk", str(desk), "--port", "0", "--no-test")

    assert result.return_value == 0, result.exception
    assert len(provider.asked) == 1


def suppressed(url: str) -> None:
    import contextlib

    with contextlib.suppress(OSError):
        browse(url)


def test_login_by_pasting_the_address(desk: Path, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    pasted: list[str] = []
    monkeypatch.setattr("click.prompt", lambda *_args, **_more: pasted[-1])
    real = begin

    def begun(account: OAuth, port: int) -> object:
        found = real(account, port)
        pasted.append(provider.sign_in(found.url))
        return found

    monkeypatch.setattr("mailbridge.oauth.login.begin", begun)
    result = run("login", "support", "--desk", str(desk), "--paste", "--no-test")

    assert "signed in as support@desk.test" in result.output
    shown = run("status", "--desk", str(desk), "--json")
    assert json.loads(shown.output)[0]["state"] == "ok"
    for secret in (*provider.secrets(), CLIENT_SECRET, KEY, pasted[-1].split("code=")[1].split("&")[0]):
        assert secret not in result.output + shown.output


def test_status_says_who_has_to_sign_in(desk: Path) -> None:
    result = run("status", "--desk", str(desk))

    assert result.return_value == 1
    assert "mailbridge auth login support" in result.output


def test_an_unknown_login_names_the_nearest(desk: Path) -> None:
    result = run("login", "suport", "--desk", str(desk))

    assert 'did you mean "support"?' in str(result.exception)


def test_the_test_tells_where_it_fails(desk: Path, provider: IdentityProvider) -> None:
    result = run("test", "support", "--desk", str(desk))
    assert result.return_value == 1
    assert "wrong     token: nobody has signed in" in result.output


def parts(token: str) -> tuple[dict[str, str], dict[str, str]]:
    header, claims = (json.loads(urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    return header, claims


def a_certificate(folder: Path, until: datetime | None = None) -> Path:
    """A PEM with an RSA key and its certificate."""
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    issued = authority.issue_cert("desk.test", key_type=trustme.KeyType.RSA, not_after=until or datetime.now(UTC) + timedelta(days=400))
    file = folder / "app.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(file)
    return file


def test_a_token_is_never_shown_by_a_value_that_holds_it() -> None:
    now = SystemClock().now()
    token = AccessToken(value="very-secret", issued_at=now, expires_at=now)
    granted = Granted(token=token, refresh_token="also-secret")

    assert "secret" not in repr(granted)
