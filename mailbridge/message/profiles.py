"""Finds the header lines that a source's own mail server wrote: its results, its hop, and the client that it saw.

A server prepends fields, so all fields above its own Received field (the border) were written after the mail came in.  The sender wrote the
fields below the border.  Google and most milters insert their results directly below the border: there, only the first line can be theirs.
No other field is trusted, whatever authserv-id it carries (RFC 8601, 5).
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
    """How a mail server records its checks of the sender."""

    GOOGLE = "google"  # below its border, with its ARC copy above
    MICROSOFT = "microsoft"  # above its border, without an authserv-id
    POSTFIX_MILTER = "postfix-milter"  # OpenDKIM and OpenDMARC: above the border (index 0) or directly below it (index 1)
    RSPAMD = "rspamd"  # directly below the border
    OWN = "own"  # above the border


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A profile with the settings of one source.

    `hosts` are the names of the servers after `by` of the border, `relays` addresses and networks of own servers that the mail passes after
    it.  `tenant` are the domains of a Microsoft tenant for which its administrator vouches.
    """

    profile: Profile
    index: int = 1
    authserv_ids: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    relays: tuple[str, ...] = ()
    tenant: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """The lines that the source's own server wrote.  `why` gives the reason for missing verdicts, '' where there are verdicts.

    `client` and `mail_from` are the sender's server and envelope sender as the border names them ('' and None where it does not).
    `internal`: an Exchange tenant took the mail from one of its own, signed-in users.
    """

    verdicts: tuple[MethodResult, ...] = ()
    server: str = ""
    why: str = ""
    client: str = ""
    mail_from: str | None = None
    internal: bool = False


def believed(headers: Sequence[Field], expected: Expected) -> Believed:
    """The trusted lines of a header from a source with this profile."""
    return _READERS[expected.profile](headers, expected)


NOBODY = "no trusted Authentication-Results"
_RESULTS = "authentication-results"
# Fields that spam filters and milters write beside their results.  An attacker may write them too, without effect: below the border the
# first results are the server's.
_BESIDE = re.compile(r"received-spf|dkim-filter|dmarc-filter|x-(?:spamd?|rspamd?|virus|amavis)-[\w-]+|x-spam|x-spamd")


# --- own, postfix-milter, rspamd


def _own(headers: Sequence[Field], expected: Expected) -> Believed:
    """Results above the border: the topmost with a DMARC verdict, and those beside it."""
    at = border(headers, expected)
    if isinstance(at, str):
        return Believed(why=at)
    mine = [field for field in headers[:at] if field.key == _RESULTS and _is_ours(field, expected.authserv_ids)]
    return _route(headers, at, _merged(mine))


def _below(headers: Sequence[Field], expected: Expected) -> Believed:
    """The one result field directly below the border."""
    at = border(headers, expected)
    if isinstance(at, str):
        return Believed(why=at)
    if read_hop(headers[at].raw) is None:  # a client can name us in its HELO and so make another server's field look like ours
        return Believed(why="our Received line is not plain")
    first = next((field for field in headers[at + 1 :] if not _BESIDE.fullmatch(field.key)), None)
    ours = first is not None and first.key == _RESULTS and _is_ours(first, expected.authserv_ids)
    return _route(headers, at, _merged([first] if first is not None and ours else []))


def _milter(headers: Sequence[Field], expected: Expected) -> Believed:
    return (_own if expected.index == 0 else _below)(headers, expected)


def border(headers: Sequence[Field], expected: Expected) -> int | str:
    """The index of the Received field that our server wrote when it took the mail, or the reason why it is unknown."""
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
    """The topmost hop that is not configured as ours; None where the border is above it, or a field cannot be parsed."""
    hosts = expected.hosts or expected.authserv_ids
    received = (field for field in headers if field.key == "received")
    for field in received:
        hop = read_hop(field.raw)
        if hop is not None and _is_passed_on(hop, expected):
            continue
        return None if hop is None or _written_by(field, hop, hosts) else hop
    return None


def _is_passed_on(hop: Hop, expected: Expected) -> bool:
    """Whether this hop is between servers of ours: a delivery by LMTP, or from a configured relay."""
    hosts = {host.lower() for host in (*(expected.hosts or expected.authserv_ids), "localhost")}
    if hop.came_from(networks(expected.relays)):
        return True
    if hop.protocol.startswith("lmtp"):
        return hop.came_from(INSIDE) or (not hop.client and (not hop.helo or hop.helo in hosts))
    return False


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Parses addresses and networks."""
    return tuple(ip_network(text, strict=False) for text in texts)


def _written_by(field: Field, hop: Hop | None, hosts: Sequence[str]) -> bool:
    """Whether one of `hosts` wrote this field.

    In a field that is not plain, the name after any `by` counts.  A sender can make our own field look malformed; to recognise it as ours
    only reduces trust in the fields above.
    """
    if hop is not None:
        return any(hop.by.endswith(host) if host.startswith(".") else hop.by == host.lower().rstrip(".") for host in hosts)
    text = field.raw[: 16 * 1024].decode("latin-1")
    return any(re.search(rf"\bby\s+{re.escape(host)}\.?(?=[\s;(\[]|$)", text, re.IGNORECASE) for host in hosts)


def _is_ours(field: Field, authserv_ids: Sequence[str]) -> bool:
    """Whether the field's authserv-id is exactly one of ours.  An unreadable field is ours if it begins with one."""
    try:
        server, _ = read_results(field.raw)
    except AmbiguousField:
        # A broken field of ours must stay the topmost, so that no field below it counts instead.
        return any(re.match(rf"\s*{re.escape(one)}(?=[\s;(]|$)", field.raw[:1000].decode("latin-1"), re.I) for one in authserv_ids)
    return server in {one.lower() for one in authserv_ids}


def _merged(fields: Sequence[Field]) -> Believed:
    """The verdicts of the topmost field with a DMARC verdict, and the DKIM and SPF verdicts of the fields beside it."""
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
    """`said` with the client that the border names, and the envelope sender that stands above it."""
    hop = read_hop(headers[at].raw)
    path = next((field.value for field in headers[:at] if field.key == "return-path"), None)
    mail_from = None if path is None else path.strip().strip("<>").strip()
    return Believed(
        verdicts=said.verdicts, server=said.server, why=said.why, client=hop.client if hop is not None else "", mail_from=mail_from
    )


# --- Google

_GOOGLE = "mx.google.com"


def _google(headers: Sequence[Field], expected: Expected) -> Believed:
    """The result field directly below the topmost 'by mx.google.com'.  If Google's ARC copy stands above, both must agree."""
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
    """Whether this is a hop within Google: 'by 2002:a05:… with SMTP id …', without a client."""
    hop = read_hop(field.raw)
    return hop is not None and not hop.helo and not hop.client and hop.by != _GOOGLE and (":" in hop.by or hop.by.startswith("10."))


def _dmarc(verdicts: Sequence[MethodResult]) -> list[tuple[str, str]]:
    return [(one.result, (one.get("header.from") or "").lower()) for one in verdicts if one.method == "dmarc"]


def _dmarc_of(raw: bytes) -> list[tuple[str, str]] | None:
    try:
        return _dmarc(read_results(raw)[1])
    except AmbiguousField:
        return None


# --- profiles of an unknown source


def shapes(headers: Sequence[Field], organizational: Callable[[str], str]) -> Iterator[Expected]:
    """The profiles that may have written this header, for a source without configuration.

    Each names one place, that of the topmost results.  If those do not pass, no other place is searched.
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
    # A sender's server writes results below the border too, so both must have the name of one organisation.
    if server and organizational(server) == organizational(hop.by):
        yield Expected(profile=Profile.POSTFIX_MILTER, index=1, authserv_ids=(server,), hosts=hosts)


def _outermost(headers: Sequence[Field]) -> tuple[int, Hop | None]:
    """The topmost Received field that is neither a hop within a provider nor a delivery by LMTP."""
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
    """The suffix of a provider's server pool: '.mx.provider.example' for 'in3.mx.provider.example'."""
    _, _, parent = host.partition(".")
    registered = organizational(host)
    return (f".{parent}",) if host != registered and (parent == registered or parent.endswith(f".{registered}")) else ()


# --- Microsoft

_EDGE = ".mail.protection.outlook.com"
_EXCHANGE = (".prod.outlook.com", ".outlook.office365.com")
_TENANT_SERVER = ".prod.outlook.com"
# Microsoft's own addresses between its servers.  A client that signs in to send has another address.
_EXCHANGE_NETWORKS = (*INSIDE, ip_network("2603:1000::/24"))


def _microsoft(headers: Sequence[Field], expected: Expected) -> Believed:
    """The one result field between Exchange's inner hops and its edge, or the tenant's statement about one of its own users."""
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
    """Whether Exchange says that a signed-in user of the tenant sent the mail.

    The caller has checked that every hop is internal.  Without a hop the result is False.
    """
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
