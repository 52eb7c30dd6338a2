"""Which lines of a header a source's own mail server wrote: its results, its hop, and what it says of the client.

A server prepends, so whatever stands above its own Received field (the border) was written after the mail had come in.  Below the border
the sender wrote.  Google and most milters insert their results directly below the border: there, only the first line can be theirs.
Nothing else in a header is ever believed, whatever authserv-id it carries (RFC 8601, 5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network

from mailbridge.message.results import AmbiguousField, MethodResult, read_results, read_unnamed
from mailbridge.message.trace import INSIDE, Hop, Network, read_hop
from mailbridge.message.tree import Field


class Profile(StrEnum):
    """How a mail server writes what it found out about senders."""

    GOOGLE = "google"  # below its border, with its ARC copy above
    MICROSOFT = "microsoft"  # above its border, without an authserv-id
    POSTFIX_MILTER = "postfix-milter"  # OpenDKIM and OpenDMARC: above the border (index 0) or directly below it (index 1)
    RSPAMD = "rspamd"  # directly below the border
    OWN = "own"  # above the border


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A profile with what belongs to one source.

    `hosts` are the names of the servers behind `by` of the border, `relays` addresses and networks of own servers that the mail passes
    behind it.  `tenant` are the domains of a Microsoft tenant for which its administrator vouches.
    """

    profile: Profile
    index: int = 1
    authserv_ids: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    relays: tuple[str, ...] = ()
    tenant: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """What the source's own server wrote.  `why` says why there are no verdicts, '' where there are.

    `client` and `mail_from` are the sender's server and envelope as the border names them ('' and None where it does not).
    `internal`: an Exchange tenant took the mail from one of its own, signed-in users.
    """

    verdicts: tuple[MethodResult, ...] = ()
    server: str = ""
    why: str = ""
    client: str = ""
    mail_from: str | None = None
    internal: bool = False


def believed(headers: Sequence[Field], expected: Expected) -> Believed:
    """The lines of a header that count from a source with this profile."""
    return _READERS[expected.profile](headers, expected)


NOBODY = "no trusted Authentication-Results"
_RESULTS = "authentication-results"
# What spam filters and milters write beside their results.  An attacker may write it too, which changes nothing: below the border the
# first results are the server's.
_BESIDE = re.compile(r"received-spf|dkim-filter|dmarc-filter|x-(?:spamd?|rspamd?|virus|amavis)-[\w-]+|x-spam|x-spamd")


# --- own, postfix-milter, rspamd


def _own(headers: Sequence[Field], expected: Expected) -> Believed:
    """Results above the border: the topmost with a verdict on DMARC, and those beside it."""
    at = border(headers, expected)
    if isinstance(at, str):
        return Believed(why=at)
    mine = [field for field in headers[:at] if field.key == _RESULTS and _is_ours(field, expected.authserv_ids)]
    return _route(headers, at, _merged(mine))


def _below(headers: Sequence[Field], expected: Expected) -> Believed:
    """The one line of results directly below the border."""
    at = border(headers, expected)
    if isinstance(at, str):
        return Believed(why=at)
    if read_hop(headers[at].raw) is None:  # a client that names us in its HELO may make another server's line look like ours
        return Believed(why="our Received line is not plain")
    first = next((field for field in headers[at + 1 :] if not _BESIDE.fullmatch(field.key)), None)
    ours = first is not None and first.key == _RESULTS and _is_ours(first, expected.authserv_ids)
    return _route(headers, at, _merged([first] if first is not None and ours else []))


def _milter(headers: Sequence[Field], expected: Expected) -> Believed:
    return (_own if expected.index == 0 else _below)(headers, expected)


def border(headers: Sequence[Field], expected: Expected) -> int | str:
    """Where the Received field stands with which our server took the mail, or why it cannot be told."""
    hosts = expected.hosts or expected.authserv_ids
    for at, field in enumerate(headers):
        if field.key != "received":
            continue
        hop = read_hop(field.raw)
        if hop is not None and _is_passed_on(hop, expected):
            continue
        if _written_by(field, hop, hosts):
            return at
        return f"the topmost Received line is not by a server of ours, but by {hop.by[:80]}" if hop else "a Received line is not plain"
    return "no Received line of ours"


def foreign_hop(headers: Sequence[Field], expected: Expected) -> Hop | None:
    """The topmost hop of which the configuration does not say that it is ours; None where the border stands above it, or a field is odd."""
    hosts = expected.hosts or expected.authserv_ids
    received = (field for field in headers if field.key == "received")
    for field in received:
        hop = read_hop(field.raw)
        if hop is not None and _is_passed_on(hop, expected):
            continue
        return None if hop is None or _written_by(field, hop, hosts) else hop
    return None


def _is_passed_on(hop: Hop, expected: Expected) -> bool:
    """Whether this hop is one between servers of ours: a delivery by LMTP, or from a relay that is named."""
    hosts = {host.lower() for host in (*(expected.hosts or expected.authserv_ids), "localhost")}
    if hop.came_from(networks(expected.relays)):
        return True
    if hop.protocol.startswith("lmtp"):
        return hop.came_from(INSIDE) or (not hop.client and (not hop.helo or hop.helo in hosts))
    return False


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks as networks."""
    return tuple(ip_network(text, strict=False) for text in texts)


def _written_by(field: Field, hop: Hop | None, hosts: Sequence[str]) -> bool:
    """Whether one of `hosts` wrote this field.  In a field that is not plain its name counts behind any `by`: a sender can make our own
    field look odd, and seeing ours there only takes trust away from what stands above."""
    if hop is not None:
        return any(hop.by.endswith(host) if host.startswith(".") else hop.by == host.lower().rstrip(".") for host in hosts)
    text = field.raw[: 16 * 1024].decode("latin-1")
    return any(re.search(rf"\bby\s+{re.escape(host)}\.?(?=[\s;(\[]|$)", text, re.IGNORECASE) for host in hosts)


def _is_ours(field: Field, authserv_ids: Sequence[str]) -> bool:
    """Whether the field's authserv-id is exactly one of ours; a field that cannot be read is ours where it begins like it."""
    try:
        server, _ = read_results(field.raw)
    except AmbiguousField:
        # Ours but broken must stay the topmost: what stands below it does not count instead.
        return any(re.match(rf"\s*{re.escape(one)}(?=[\s;(]|$)", field.raw[:1000].decode("latin-1"), re.I) for one in authserv_ids)
    return server in {one.lower() for one in authserv_ids}


def _merged(fields: Sequence[Field]) -> Believed:
    """The verdicts of the topmost field with one on DMARC, and of the fields beside it those on DKIM and SPF."""
    if not fields:
        return Believed(why=NOBODY)
    server, found = "", list[MethodResult]()
    for field in fields:
        try:
            name, verdicts = read_results(field.raw)
        except AmbiguousField as error:
            return Believed(why=f"Authentication-Results cannot be read: {error}")
        server = server or name
        has_dmarc = any(one.method == "dmarc" for one in found)
        found += [one for one in verdicts if one.method != "dmarc" or not has_dmarc]
    return Believed(verdicts=tuple(found), server=server)


def _route(headers: Sequence[Field], at: int, said: Believed) -> Believed:
    """With the client that the border names, and the envelope's sender that stands above it."""
    hop = read_hop(headers[at].raw)
    path = next((field.value for field in headers[:at] if field.key == "return-path"), None)
    mail_from = None if path is None else path.strip().strip("<>").strip()
    return Believed(
        verdicts=said.verdicts, server=said.server, why=said.why, client=hop.client if hop is not None else "", mail_from=mail_from
    )


# --- Google

_GOOGLE = "mx.google.com"


def _google(headers: Sequence[Field], expected: Expected) -> Believed:
    """The line directly below the topmost 'by mx.google.com'; where Google's ARC copy stands above, both must say the same."""
    at = next((at for at, field in enumerate(headers) if field.key == "received" and not _inside_google(field)), None)
    hop = read_hop(headers[at].raw) if at is not None else None
    if at is None or hop is None or hop.by != _GOOGLE:
        return Believed(why=f"the topmost Received line from outside is not by {_GOOGLE}")
    first = next((field for field in headers[at + 1 :] if field.key != "received-spf"), None)
    if first is None or first.key != _RESULTS or not _is_ours(first, (_GOOGLE,)):
        return _route(headers, at, Believed(why=NOBODY))
    said = _route(headers, at, _merged([first]))
    copy = next((field for field in headers[:at] if field.key == "arc-authentication-results"), None)
    if copy is not None and not said.why and _dmarc_of(copy.raw.partition(b";")[2]) != _dmarc(said.verdicts):
        return Believed(why="Google's results and their ARC copy differ")
    return said


def _inside_google(field: Field) -> bool:
    """A hop within Google: 'by 2002:a05:… with SMTP id …', without a client."""
    hop = read_hop(field.raw)
    return hop is not None and not hop.helo and not hop.client and hop.by != _GOOGLE and (":" in hop.by or hop.by.startswith("10."))


def _dmarc(verdicts: Sequence[MethodResult]) -> list[tuple[str, str]]:
    return [(one.result, (one.get("header.from") or "").lower()) for one in verdicts if one.method == "dmarc"]


def _dmarc_of(raw: bytes) -> list[tuple[str, str]] | None:
    try:
        return _dmarc(read_results(raw)[1])
    except AmbiguousField:
        return None


# --- shapes


def shapes(headers: Sequence[Field], organizational: Callable[[str], str]) -> Iterator[Expected]:
    """The profiles that this header may have been written by, as it came to a source about which nothing is known.

    Each names one place, that of the topmost results; nobody looks for results elsewhere because those there do not pass.
    """
    at, hop = _outermost(headers)
    if hop is None:
        return
    if hop.by == _GOOGLE:
        yield Expected(profile=Profile.GOOGLE)
        return
    if hop.by.endswith((_EDGE, *_EXCHANGE)):
        yield Expected(profile=Profile.MICROSOFT)
        return
    hosts = (hop.by, *_siblings(hop.by, organizational))
    above = next((field for field in headers[:at] if field.key == _RESULTS), None)
    if above is not None:
        if server := _server(above):
            yield Expected(profile=Profile.OWN, authserv_ids=(server,), hosts=hosts)
        return
    below = next((field for field in headers[at + 1 :] if not _BESIDE.fullmatch(field.key)), None)
    server = _server(below) if below is not None and below.key == _RESULTS else ""
    # Results directly below the border are its server's only where both carry one organization's name: a sender's server writes there, too.
    if server and organizational(server) == organizational(hop.by):
        yield Expected(profile=Profile.POSTFIX_MILTER, index=1, authserv_ids=(server,), hosts=hosts)


def _outermost(headers: Sequence[Field]) -> tuple[int, Hop | None]:
    """The topmost Received field that is no hop within a provider or a delivery by LMTP."""
    for at, field in enumerate(headers):
        if field.key != "received" or _inside_google(field):
            continue
        hop = read_hop(field.raw)
        if hop is not None and (_inside_exchange(hop) or _is_passed_on(hop, Expected(profile=Profile.OWN, hosts=(hop.by,)))):
            continue
        return at, hop
    return 0, None


def _server(field: Field) -> str:
    try:
        return read_results(field.raw)[0]
    except AmbiguousField:
        return ""


def _siblings(host: str, organizational: Callable[[str], str]) -> tuple[str, ...]:
    """The other servers of a provider's pool, as a suffix: '.mx.provider.example' of 'in3.mx.provider.example'."""
    _, _, parent = host.partition(".")
    registered = organizational(host)
    return (f".{parent}",) if host != registered and (parent == registered or parent.endswith(f".{registered}")) else ()


# --- Microsoft

_EDGE = ".mail.protection.outlook.com"
_EXCHANGE = (".prod.outlook.com", ".outlook.office365.com")
_TENANT_SERVER = ".prod.outlook.com"
# Microsoft's own addresses between its servers; a client that signs in to send has one of its own.
_EXCHANGE_NETWORKS = (*INSIDE, ip_network("2603:1000::/24"))


def _microsoft(headers: Sequence[Field], expected: Expected) -> Believed:
    """The one line between Exchange's inner hops and its edge; or the word of the tenant for one of its own users."""
    found: list[Field] = []
    for at, field in enumerate(headers):
        if field.key == _RESULTS:
            found.append(field)
        if field.key != "received":
            continue
        hop = read_hop(field.raw)
        if hop is not None and hop.by.endswith(_EDGE):
            return _route(headers, at, _unnamed(found))
        if hop is None or not _inside_exchange(hop):
            return Believed(why="the topmost Received line from outside is not by an edge server of Exchange Online")
    return Believed(internal=_is_internal(headers, expected), why="the mail did not come through an edge server of Exchange Online")


def _inside_exchange(hop: Hop) -> bool:
    return hop.by.endswith(_EXCHANGE) and hop.helo.endswith((*_EXCHANGE, _EDGE)) and hop.came_from(_EXCHANGE_NETWORKS)


def _unnamed(fields: Sequence[Field]) -> Believed:
    if len(fields) != 1:
        return Believed(why="more than one Authentication-Results above the edge" if fields else NOBODY)
    try:
        return Believed(verdicts=tuple(read_unnamed(fields[0].raw)), server="Exchange Online")
    except AmbiguousField as error:
        return Believed(why=f"Authentication-Results cannot be read: {error}")


def _is_internal(headers: Sequence[Field], expected: Expected) -> bool:
    """Whether Exchange says that a signed-in user of the tenant sent it.  Every hop was found to be inside; there must be one."""
    if not expected.tenant or not any(field.key == "received" for field in headers):
        return False
    said = {key: [field.value.strip().lower() for field in headers if field.key == f"x-ms-exchange-organization-{key}"] for key in _AUTH}
    return said["authas"] == ["internal"] and len(said["authsource"]) == 1 and said["authsource"][0].endswith(_TENANT_SERVER)


_AUTH = ("authas", "authsource")

_READERS: dict[Profile, Callable[[Sequence[Field], Expected], Believed]] = {
    Profile.GOOGLE: _google,
    Profile.MICROSOFT: _microsoft,
    Profile.POSTFIX_MILTER: _milter,
    Profile.RSPAMD: _below,
    Profile.OWN: _own,
}
