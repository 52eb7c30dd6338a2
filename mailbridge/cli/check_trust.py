"""The part of `mailbridge check` about senders: settings without effect, agents whose mails are not authenticated, and proposed profiles.

A proposal is derived from received mails, which anybody can send.  It is therefore only text for a person.  Trust comes from
mailbridge.toml or from an agent's reply to a pairing mail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailbridge.checks.advice import advice
from mailbridge.cli.show import safe
from mailbridge.errors import MailbridgeError, Permanent, Problem
from mailbridge.message.trace import INSIDE, within

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.message.profiles import Expected
    from mailbridge.message.trace import Hop
    from mailbridge.organisation.model import Organisation
    from mailbridge.store.inbox_rows import InboxRow
    from mailbridge.store.tx import Tx

FILE = "mailbridge.toml"
LOOKED_AT = 300  # the newest mails that are examined


@dataclass(slots=True)
class ObservedTrust:
    """What the mails of one source show about the authentication of agents."""

    unproven: dict[str, Counter[str]] = field(default_factory=dict)  # agent -> reasons
    proven: Counter[str] = field(default_factory=Counter)  # agent -> number of mails
    shapes: Counter[Expected] = field(default_factory=Counter)
    hops: dict[str, Hop] = field(default_factory=dict)  # agent -> the newest hop that is not configured as one of ours


def trust_problems(config: Config, organisation: Organisation | None) -> Iterator[Problem]:
    """Yields warnings.  Without `organisation` only the settings are checked, not the received mails."""
    for one in advice(config):
        yield Problem(file=FILE, message=one.message, hint=one.hint, warning=True)
    if organisation is None:
        return
    for source, seen in sources(config, organisation).items():
        yield from _unproven(source, seen, config)


def sources(config: Config, organisation: Organisation) -> dict[str, ObservedTrust]:
    """Source -> what its mails show, from the newest mails in the database.  Empty where there is no database of the current schema."""
    from mailbridge.store.engine import Store

    found: dict[str, ObservedTrust] = {}
    try:
        store = Store(config.store_url)
        try:
            if store.current() != store.head():
                return {}
            with store.read() as tx:
                for row in tx.inbox.list(limit=LOOKED_AT):
                    _look(tx, row, config, organisation, found)
        finally:
            store.close()
    except MailbridgeError:
        return {}  # `mailbridge status` reports a database that is unavailable
    return found


def _look(tx: Tx, row: InboxRow, config: Config, organisation: Organisation, found: dict[str, ObservedTrust]) -> None:
    from mailbridge.checks import build
    from mailbridge.checks.channels import channel_of, headers_of
    from mailbridge.handling.pairing import paired
    from mailbridge.message.authenticity import claimed_sender
    from mailbridge.message.envelope import Source
    from mailbridge.message.headers import header_block
    from mailbridge.message.profiles import foreign_hop, shapes

    if row.envelope.source in (Source.IMPORT, Source.COMMAND):
        return
    try:
        header = header_block(tx.blobs.get(row.sha256))
    except Permanent:
        return  # the mail was erased
    headers = headers_of(header, row.envelope)
    claimed = claimed_sender(headers)
    agent = organisation.agent_of(claimed.address) if claimed.strict else None
    channel = channel_of(row.envelope, config)
    seen = found.setdefault(channel.source, ObservedTrust())
    seen.shapes.update(list(shapes(headers, build.organizational))[:1])
    if agent is None:
        return
    said = (tx.mails.explanation(row.mail) or {}).get("sender", {}) if row.mail else {}
    now = build.channels(config).sender(header, row.envelope, paired(tx, organisation))
    if said.get("verified") or now.verified:
        seen.proven[agent.name] += 1
        return
    hop = foreign_hop(headers, channel.expected) if channel.expected else None
    if hop is not None:
        seen.hops.setdefault(agent.name, hop)
    why = next(iter(said.get("why") or now.reasons), "nothing proves it")
    seen.unproven.setdefault(agent.name, Counter())[why] += 1


def _unproven(source: str, seen: ObservedTrust, config: Config) -> Iterator[Problem]:
    proposal = _proposal(source, seen, config)
    for agent, reasons in seen.unproven.items():
        count, why = sum(reasons.values()), reasons.most_common(1)[0][0]
        message = f"{count} mail{'s' if count > 1 else ''} from agent {agent} by {source} not authenticated: {why}"
        hint = _hop_of_ours(seen.hops[agent], source) if agent in seen.hops else proposal or _next_step(agent, source, why)
        yield Problem(file=FILE, message=message, hint=hint, warning=True)


def _hop_of_ours(hop: Hop, source: str) -> str:
    """The setting by which this hop would be trusted as one of our servers."""
    kind, _, name = source.partition(":")
    where = {"imap": f'at mailbox "{name}"', "pipe": "in [pipe]"}.get(kind, "at the listener")
    border = f'own_hosts = ["{safe(hop.by)}"]'
    if not within(hop.client, INSIDE):
        return f"if {safe(hop.by)} is the server that takes your mail from outside, write {where}: {border}"
    relays = f'relays = ["{safe(hop.client)}"]'
    return f"if {safe(hop.by)} took the mail from a server of yours, {safe(hop.client)}, write {where}: {relays}; if from outside: {border}"


def _next_step(agent: str, source: str, why: str) -> str:
    if why.startswith("dmarc=fail"):
        return f"if {agent} did not write it, it was forged and there is nothing to do; otherwise sign the agents' mail with DKIM"
    if source.startswith("imap:"):
        return f"sign the agents' mail with DKIM, or run: mailbridge agents pair {agent}"
    if source == "pipe":
        return "if only your own mail server calls `mailbridge ingest`, write [pipe] trusted = true"
    return "name your mail server at the listener: trusted_peers, and where its results stand: profile"


def _proposal(source: str, seen: ObservedTrust, config: Config) -> str:
    """The profile that fits most mails of the mailbox, as lines for mailbridge.toml; '' where it has one or none fits."""
    name = source.removeprefix("imap:")
    mailbox = next((one for one in config.mailboxes if source.startswith("imap:") and one.name == name), None)
    if mailbox is None or mailbox.trust.profile is not None or not seen.shapes:
        return ""
    shape = seen.shapes.most_common(1)[0][0]
    lines = [f'profile = "{shape.profile}"', *([f'authserv_ids = ["{shape.authserv_ids[0]}"]'] if shape.authserv_ids else [])]
    lines += [f'own_hosts = ["{shape.hosts[0]}"]'] if shape.hosts else []
    return f'if this is the server behind the mailbox, write at mailbox "{name}": {", ".join(lines)}'
