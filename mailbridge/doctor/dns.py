"""DNS records of the desk's domain: MX, SPF, DKIM, DMARC and the PTR record of the outgoing server.  All but `look` are pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from mailbridge.config.model import Config
from mailbridge.doctor.model import Finding, doubtful, right, wrong
from mailbridge.errors import MailbridgeError

PATIENCE = 20.0  # seconds for all queries
SELECTORS = ("default", "mail", "dkim", "selector1", "selector2", "google", "k1", "s1", "fm1")
Ask = Callable[[str, str], Sequence[object] | None]  # (name, record type) -> records; None where no server answered


def look(config: Config) -> Iterator[Finding]:
    """Queries the records of the desk's domain and yields a finding for each."""
    from mailbridge.checks.resolver import Resolver, Unanswered

    domain = config.desk.address.rpartition("@")[2]
    try:
        resolver = Resolver(config.authenticity.dns_servers)
    except MailbridgeError as error:
        yield wrong("dns", "resolver", error.what, "name servers in [authenticity] dns_servers")
        return
    until = time.monotonic() + PATIENCE

    def ask(name: str, kind: str) -> Sequence[object] | None:
        try:
            return resolver.ask(name, kind, until=until)
        except Unanswered:
            return None

    yield mx(domain, ask(domain, "MX"))
    yield spf(domain, ask(domain, "TXT"))
    if config.dkim:
        yield from dkim_keys(config, ask)
    else:
        yield dkim(domain, {name: ask(f"{name}._domainkey.{domain}", "TXT") for name in SELECTORS})
    yield dmarc(domain, ask(f"_dmarc.{domain}", "TXT"))
    for host in dict.fromkeys(urlsplit(server.url).hostname or "" for server in config.outgoing_servers):
        if host:
            yield reverse(host, ask)


def mx(domain: str, records: Sequence[object] | None) -> Finding:
    """The mail servers of the domain (RFC 5321 5.1).  A single "." means that the domain accepts no mail (RFC 7505)."""
    if records is None:
        return _unanswered("MX", domain)
    names = [str(one[1]) for one in records if isinstance(one, tuple)]
    if not names:
        return wrong(
            "dns",
            "MX",
            f"{domain} has no MX record: mail to the desk goes to its A record or is not delivered",
            f"{domain}. MX 10 your-mail-server.",
        )
    if names == ["."] or names == [""]:
        return wrong(
            "dns", "MX", f"{domain} publishes a null MX: it accepts no mail", "replace the null MX with the name of your mail server"
        )
    return right("dns", "MX", ", ".join(names))


def spf(domain: str, records: Sequence[object] | None) -> Finding:
    """A domain has exactly one SPF record (RFC 7208 4.5).  It should end with `-all` or `~all`, or redirect to another one."""
    if records is None:
        return _unanswered("SPF", domain)
    found = [text for text in _texts(records) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    if not found:
        return wrong("dns", "SPF", f"{domain} has no SPF record", f'{domain}. TXT "v=spf1 mx -all", with the servers that send for you')
    if len(found) > 1:
        return wrong("dns", "SPF", f"{domain} has {len(found)} SPF records: receivers ignore all of them", "merge them into one")
    if "+all" in found[0].lower().split() or " all" in found[0].lower():
        return wrong("dns", "SPF", f"anybody may send as {domain}: {found[0]}", "end it with -all or ~all")
    if not found[0].lower().rstrip().endswith(("-all", "~all")) and "redirect=" not in found[0].lower():
        return doubtful("dns", "SPF", f"it has no -all or ~all: {found[0]}", "end it with -all or ~all")
    return right("dns", "SPF", found[0])


def dkim(domain: str, found: dict[str, Sequence[object] | None]) -> Finding:
    """Looks for a DKIM key under usual selectors (RFC 6376 3.6).  DNS cannot list selectors.  `found`: selector -> records."""
    for selector, records in found.items():
        for text in _texts(records or ()):
            tags = {key.strip(): value.strip() for key, _, value in (part.partition("=") for part in text.split(";"))}
            if tags.get("p"):
                return right("dns", "DKIM", f"a key under {selector}._domainkey.{domain}")
            if "p" in tags:
                return wrong(
                    "dns",
                    "DKIM",
                    f"the key {selector}._domainkey.{domain} was revoked",
                    "publish the key with which your mail server signs",
                )
    if any(records is None for records in found.values()):
        return _unanswered("DKIM", domain)
    tried = ", ".join(found)
    return doubtful(
        "dns", "DKIM", f"no key under the selectors {tried}; your selector may have another name",
        "look for DKIM-Signature (s=) in a mail from the desk; if there is none, turn on DKIM at the server that sends for you",
    )  # fmt: skip


def dkim_keys(config: Config, ask: Ask) -> Iterator[Finding]:
    """Compares the record of each key of [[dkim]] with the key."""
    from mailbridge.signing.dkim_keys import difference, read_key

    for settings in config.dkim:
        name = f"{settings.selector}._domainkey.{settings.domain}"
        records = ask(name, "TXT")
        if records is None:
            yield _unanswered("DKIM", name)
            continue
        try:
            said = difference(read_key(settings.key_file), [one for one in records if isinstance(one, bytes)])
        except MailbridgeError as error:
            said = error.what
        if said:
            yield wrong("dns", "DKIM", f"{name}: {said}", "mailbridge dkim check; publish the record of the key, or sign with another one")
        else:
            yield right("dns", "DKIM", f"{name} is the key that signs")


def dmarc(domain: str, records: Sequence[object] | None) -> Finding:
    """A domain has exactly one DMARC record, with a policy (RFC 7489 6.3)."""
    if records is None:
        return _unanswered("DMARC", domain)
    found = [text for text in _texts(records) if text.lower().replace(" ", "").startswith("v=dmarc1")]
    if len(found) != 1:
        said = f"{domain} has {'no' if not found else len(found)} DMARC record{'s' if len(found) > 1 else ''}"
        return wrong("dns", "DMARC", said, f'_dmarc.{domain}. TXT "v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}"')
    policy = next((part.partition("=")[2].strip().lower() for part in found[0].split(";") if part.strip().lower().startswith("p=")), "")
    if policy not in ("none", "quarantine", "reject"):
        return wrong("dns", "DMARC", f"no valid policy: {found[0]}", "write p=quarantine or p=reject")
    if policy == "none":
        return doubtful(
            "dns", "DMARC", "p=none: mail with a forged address of the desk is accepted", "write p=quarantine once all your mail passes"
        )
    return right("dns", "DMARC", found[0])


def reverse(host: str, ask: Ask) -> Finding:
    """Whether the PTR name of each public address of the outgoing server resolves to that address (FCrDNS); receivers check this."""
    addresses = [host] if _is_ip(host) else [str(one) for kind in ("A", "AAAA") for one in ask(host, kind) or ()]
    outside = [one for one in addresses if ip_address(one).is_global]
    if not outside:
        said = f"{host} has no public address: the server to which it relays mail needs a PTR record"
        return doubtful("dns", "reverse", said, "look at the Received fields of a mail that arrived elsewhere")
    for address in outside:
        names = [str(one) for one in ask(ip_address(address).reverse_pointer, "PTR") or ()]
        kind = "AAAA" if ":" in address else "A"
        if not any(address in [str(back) for back in ask(name, kind) or ()] for name in names):
            said = f"{address} has {'the name ' + names[0] + ', which does not resolve back' if names else 'no PTR record'}"
            return wrong("dns", "reverse", said, "ask your network provider for a PTR record, and publish an address record for that name")
    return right("dns", "reverse", f"{', '.join(outside)} and back")


def _texts(records: Sequence[object]) -> list[str]:
    return [one.decode("utf-8", "replace").strip() for one in records if isinstance(one, bytes)]


def _unanswered(what: str, domain: str) -> Finding:
    return doubtful("dns", what, f"no answer for {domain}", "try again; check [authenticity] dns_servers")


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
