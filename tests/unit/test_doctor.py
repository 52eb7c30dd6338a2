"""What the doctor says of what it was shown: each judgement right, doubtful and wrong, by plain values."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from mailbridge.cli.check_trust import ObservedTrust
from mailbridge.config.model import Outgoing
from mailbridge.doctor import desk, dns, machine
from mailbridge.doctor.canary import judged
from mailbridge.doctor.logins import limits, remedy_of
from mailbridge.doctor.model import Conclusion, Finding
from mailbridge.organisation.model import Agent, Organisation
from mailbridge.store.pairings import Pairing
from tests.builders import NOW
from tests.harness import a_config

RIGHT, DOUBTFUL, WRONG = Conclusion.RIGHT, Conclusion.DOUBTFUL, Conclusion.WRONG
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (dns.mx("x.test", ((10, "mx.x.test"),)), RIGHT),
        (dns.mx("x.test", ()), WRONG),
        (dns.mx("x.test", ((0, "."),)), WRONG),
        (dns.mx("x.test", None), DOUBTFUL),
        (dns.spf("x.test", (b"other", b"v=spf1 mx -all")), RIGHT),
        (dns.spf("x.test", (b"v=spf1 redirect=y.test",)), RIGHT),
        (dns.spf("x.test", (b"v=spf1 mx ?all",)), DOUBTFUL),
        (dns.spf("x.test", (b"v=spf1 mx +all",)), WRONG),
        (dns.spf("x.test", (b"v=spf1 mx all",)), WRONG),
        (dns.spf("x.test", (b"v=spf1 mx -all", b"v=spf1 a -all")), WRONG),
        (dns.spf("x.test", (b"v=spf10 mx -all",)), WRONG),
        (dns.dkim("x.test", {"a": (), "b": (b"v=DKIM1; k=rsa; p=MIIB",)}), RIGHT),
        (dns.dkim("x.test", {"a": (b"v=DKIM1; p=",)}), WRONG),
        (dns.dkim("x.test", {"a": ()}), DOUBTFUL),
        (dns.dmarc("x.test", (b"v=DMARC1; p=reject; rua=mailto:p@x.test",)), RIGHT),
        (dns.dmarc("x.test", (b"v=DMARC1; p=none",)), DOUBTFUL),
        (dns.dmarc("x.test", (b"v=DMARC1; sp=reject",)), WRONG),
        (dns.dmarc("x.test", ()), WRONG),
        (machine.disk(100 << 30, 1 << 20, 20 * DAY), RIGHT),
        (machine.disk(1 << 30, 50 << 20, 20 * DAY), DOUBTFUL),
        (machine.disk(1 << 30, 500 << 20, 20 * DAY), WRONG),
        (machine.disk(1 << 30, 500 << 20, timedelta(hours=3)), DOUBTFUL),
        (machine.disk(1 << 20, 0, 20 * DAY), WRONG),
        (machine.certificate("c", NOW + 90 * DAY, NOW), RIGHT),
        (machine.certificate("c", NOW + 13 * DAY, NOW), DOUBTFUL),
        (machine.certificate("c", NOW - DAY, NOW), WRONG),
        (machine.certificate("c", None, NOW), WRONG),
        (machine.unit("Type=notify\nWatchdogSec=120\nRestart=on-failure\n"), RIGHT),
        (machine.unit("Type=simple\n"), DOUBTFUL),
        (desk.daemon(NOW - timedelta(minutes=1), NOW), RIGHT),
        (desk.daemon(NOW - timedelta(minutes=3), NOW), WRONG),
        (desk.daemon(None, NOW), WRONG),
        (desk.clock(NOW, NOW + timedelta(seconds=1), "db"), RIGHT),
        (desk.clock(NOW, NOW + timedelta(seconds=9), "db"), WRONG),
        (desk.clock(NOW, None, "db"), DOUBTFUL),
        (desk.transactions(None), RIGHT),
        (desk.transactions(timedelta(hours=1)), WRONG),
        (next(desk.feeds([("https://c.test/a.ics", 14, "")])), RIGHT),
        (next(desk.feeds([("https://c.test/a.ics", 14, "the feed is 3 d old")])), DOUBTFUL),
        (desk.backup(None, None, NOW), DOUBTFUL),
        (desk.backup({"made_at": (NOW - DAY).isoformat()}, {}, NOW), RIGHT),
        (desk.backup({"made_at": (NOW - 20 * DAY).isoformat()}, {}, NOW), DOUBTFUL),
    ],
)
def test_each_judgement(found: Finding, verdict: Conclusion) -> None:
    assert found.verdict is verdict, found.said
    assert bool(found.remedy) == (verdict is not RIGHT)


def reverse(zone: dict[tuple[str, str], tuple[object, ...]]) -> Finding:
    return dns.reverse("mx.x.test", lambda name, kind: zone.get((name, kind), ()))


def test_the_reverse_name_has_to_lead_back() -> None:
    there: dict[tuple[str, str], tuple[object, ...]] = {("mx.x.test", "A"): ("8.8.4.4",), ("4.4.8.8.in-addr.arpa", "PTR"): ("mx.x.test",)}

    assert reverse(there).verdict is RIGHT
    assert reverse({**there, ("4.4.8.8.in-addr.arpa", "PTR"): ("other.x.test",)}).verdict is WRONG
    assert reverse({("mx.x.test", "A"): ("8.8.4.4",)}).verdict is WRONG
    assert reverse({("mx.x.test", "A"): ("10.0.0.1",)}).verdict is DOUBTFUL


def test_a_mail_to_itself_tells_plus_addressing_from_no_way_at_all() -> None:
    def said(came: tuple[str, ...], failed: dict[str, str]) -> list[tuple[str, Conclusion]]:
        arrived = {kind: NOW + timedelta(seconds=2) for kind in came}
        return [(one.subject, one.verdict) for one in judged(("plain", "plus"), failed, arrived, NOW, 60)]

    assert said(("plain", "plus"), {}) == [("mail to itself", RIGHT), ("plus addressing", RIGHT)]
    assert said(("plain",), {}) == [("mail to itself", RIGHT), ("plus addressing", WRONG)]
    assert said((), {"plus": "550 no such user"}) == [("mail to itself", WRONG), ("plus addressing", WRONG)]


def test_each_agent_is_proven_somehow_or_it_is_said_why_not() -> None:
    names = ("ana", "bob", "cyd", "dan")
    organisation = Organisation(agents={name: Agent(name=name, title=name, address=f"{name}@x.test") for name in names})
    pairing = Pairing(
        id=1, agent="ana", address="ana@x.test", requested_at=NOW, expires_at=NOW, source="imap:main", believes="{}", result="dmarc=pass"
    )
    unsigned = {"cyd": Counter({"no signature": 2})}
    seen = {"imap:main": ObservedTrust(proven=Counter(bob=3), unproven=unsigned), "lmtp:127.0.0.1": ObservedTrust(unproven=unsigned)}

    found = {one.subject: one for one in desk.agents(organisation, [pairing], seen)}

    assert {name: one.verdict for name, one in found.items()} == {
        "ana by imap:main": RIGHT,
        "bob by imap:main": RIGHT,
        "cyd by imap:main": WRONG,
        "cyd by lmtp:127.0.0.1": WRONG,
        "dan": DOUBTFUL,
    }
    assert "no signature" in found["cyd by imap:main"].said
    assert "agents pair cyd" in found["cyd by imap:main"].remedy
    assert "agents pair" not in found["cyd by lmtp:127.0.0.1"].remedy, "pairing is for mailboxes"
    assert "trusted_peers" in found["cyd by lmtp:127.0.0.1"].remedy


def test_the_remedy_is_that_of_the_reply() -> None:
    assert "OAuth" in remedy_of("outgoing", "550 5.7.30 Basic authentication is not supported for Client Submission.")
    assert "app password" in remedy_of("outgoing", "535 5.7.3 Authentication unsuccessful")


def test_more_connections_than_the_provider_allows_are_doubtful(tmp_path: Path) -> None:
    def verdicts(connections: int) -> list[Conclusion]:
        config = a_config(tmp_path, outgoing=Outgoing(url="smtp://smtp.office365.com:587", connections=connections))
        return [one.verdict for one in limits(config)]

    assert (verdicts(2), verdicts(3)) == ([RIGHT], [DOUBTFUL])


def test_open_secrets_and_certificates_are_read_from_the_disk(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("x")
    (tmp_path / "password").chmod(0o644)
    config = a_config(tmp_path)
    assert [one.verdict for one in machine.permissions(config)] == [WRONG]
    (tmp_path / "password").chmod(0o600)
    assert [one.verdict for one in machine.permissions(config)] == [RIGHT]

    made = trustme.CA().issue_cert("mx.x.test")
    made.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    assert machine._not_after(tmp_path / "cert.pem") is not None
    assert machine._not_after(tmp_path / "password") is None
