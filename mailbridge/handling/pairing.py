"""Pairing: proof, end to end, that mail from an agent's address comes by a source as the agent's own.

A word that nobody can guess is mailed to the agent.  The answer shows which line of the header the source's own server writes, and where.
That is stored for this address and this source; from then on the line counts at exactly that place, and nowhere else in a header.
The answer itself has to pass there: a forged one is refused by the very line that it would teach us.
"""

from __future__ import annotations

import json
import re
from base64 import b32encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from mailbridge.checks import build
from mailbridge.checks.channels import Pairings, headers_of, source_name
from mailbridge.execution.desk import Desk
from mailbridge.handling.keep import keep
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import Chance
from mailbridge.message.authenticity import claimed_sender, judged
from mailbridge.message.envelope import Source
from mailbridge.message.headers import header_block
from mailbridge.message.model import Kind, Message
from mailbridge.message.profiles import Expected, Profile, believed, shapes
from mailbridge.message.tree import Field
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.model import Audience, Class, Notification
from mailbridge.notifications.payloads.admins import NewPairing
from mailbridge.notifications.payloads.agents import PairingQuestion, PairingResult
from mailbridge.notifications.payloads.model import Payload
from mailbridge.organisation.model import Agent, Organisation
from mailbridge.store.pairings import Pairing
from mailbridge.store.tx import Tx

ANSWER_WITHIN = timedelta(days=3)
_WORD = re.compile(r"\bpair-[a-z2-7]{26}\b")  # 128 bits
_SEARCHED = 20_000  # characters of the text


# --- asking


def request(tx: Tx, agent: Agent, address: str, *, desk_address: str, now: datetime, chance: Chance) -> None:
    """The word is in the outbox for this address of the agent; an answer with it counts for some days."""
    word = "pair-" + b32encode(chance(16)).decode("ascii").rstrip("=").lower()
    tx.pairings.request(agent.name, address, _hash(word), now, now + ANSWER_WITHIN)
    question = PairingQuestion(asked=f"[{word}]", address=address, until=now + ANSWER_WITHIN)
    mail = _mail(agent, address, "pair", _hash(word), desk_address, question)
    tx.outbox.add_many([mail], now)
    tx.wake("outbox")


def _mail(
    agent: Agent, address: str, event: str, key: str, desk_address: str, payload: Payload, answers: str = ""
) -> Notification:
    name = sha256(f"{event}:{key}".encode()).hexdigest()[:24]
    return Notification(
        ticket=None,
        audience=Audience.AGENT,
        event=event,
        recipient=address,
        key=f"{event}:{key}",
        name=agent.title,
        language=agent.language,
        class_=Class.LETTER,
        message_id=f"{event.replace('_', '-')}.{name}@{desk_address.rpartition('@')[2]}",
        in_reply_to=answers,
        references=(answers,) if answers else (),
        payload=payload,
    )


def _hash(word: str) -> str:
    return sha256(word.encode("ascii")).hexdigest()


# --- answers


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingProof:
    """What an answer showed.  `believes` is None where nothing new may be believed; `code` names the template's sentence."""

    code: str  # paired, proven, failed, unseen, elsewhere
    detail: str
    believes: Expected | None = None


def file_pairing_answer(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult | None:
    """What became of an agent's answer to a pairing mail; None for any other mail, also for one that only has the word."""
    message = mail.message
    found = _asked(tx, message)
    agent = desk.organisation.agent_of(message.sender.address) if message.sender.strict else None
    if found is None or agent is None or not _may_answer(found, agent, message, mail.now):
        return None
    shown = _shown(tx, mail)
    _record(tx, mail, found, shown)
    _tell(tx, desk, mail, found, agent, shown)
    return keep(tx, mail, MailOutcome.KEPT, f"answer to a pairing mail: {shown.code}, {shown.detail}")


def _asked(tx: Tx, message: Message) -> Pairing | None:
    """The pairing whose word the mail holds.  A robot's answer proves nothing about the way of a person's mail."""
    if message.kind is not Kind.HUMAN:
        return None
    places = (message.subject, *(one.address for one in message.recipients), message.text[:_SEARCHED])
    words = dict.fromkeys(word for place in places for word in _WORD.findall(place.lower()))
    return next((found for word in list(words)[:5] if (found := tx.pairings.by_nonce(_hash(word))) is not None), None)


def _may_answer(pairing: Pairing, agent: Agent, message: Message, now: datetime) -> bool:
    """Whether this pairing waits for an answer from this very address of this agent."""
    waits = pairing.answered_at is None and pairing.ended_at is None and now < pairing.expires_at
    return waits and pairing.agent == agent.name and pairing.address == message.sender.address.lower()


def _shown(tx: Tx, mail: PlacedMail) -> PairingProof:
    sender, envelope = mail.message.sender, mail.arrival.envelope
    if sender.verified:
        return PairingProof(code="proven", detail=f"{sender.proof}: {sender.reasons[0]}")
    if sender.dmarc == "fail":
        return PairingProof(code="failed", detail=sender.reasons[0])
    if envelope.source is not Source.IMAP:
        return PairingProof(code="elsewhere", detail=source_name(envelope))
    header = header_block(tx.blobs.get(mail.arrival.sha256))
    headers = headers_of(header, envelope)
    if claimed_sender(headers).address.lower() != sender.address.lower():
        return PairingProof(code="unseen", detail="the From field names somebody else")  # a list that rewrote it
    return learned(headers, build.organizational)


def learned(headers: Sequence[Field], organizational: Callable[[str], str]) -> PairingProof:
    """Which line of this header may be believed from now on.  Only the topmost candidate of each shape is looked at: a line further
    down is the sender's, whatever it says."""
    claimed = claimed_sender(headers)
    reasons: list[str] = []
    for expected in shapes(headers, organizational):
        found = judged(claimed, believed(headers, expected), headers, organizational, ())
        if found.verified:
            return PairingProof(code="paired", detail=f"profile {expected.profile}: {found.reasons[0]}", believes=expected)
        if found.dmarc:
            return PairingProof(code="failed", detail=found.reasons[0])
        reasons.append(found.reasons[0])
    return PairingProof(code="unseen", detail=reasons[0] if reasons else "no server on the way wrote results where they could be believed")


def _record(tx: Tx, mail: PlacedMail, pairing: Pairing, shown: PairingProof) -> None:
    """A way that was proven counts from now on; an answer that proved none leaves the question open."""
    source = source_name(mail.arrival.envelope)
    if shown.believes is None and shown.code != "proven":
        tx.pairings.note(pairing.id, f"{shown.code}: {shown.detail}")
        return
    believes = to_json(shown.believes) if shown.believes else ""
    if tx.pairings.answer(pairing.id, source, believes, shown.detail, mail.now):
        tx.pairings.replace_earlier(pairing.id, pairing.address, source, mail.now)


def _tell(tx: Tx, desk: Desk, mail: PlacedMail, pairing: Pairing, agent: Agent, shown: PairingProof) -> None:
    """The agent hears at the configured address, and of a new way the admins too."""
    config, source = desk.config.desk, source_name(mail.arrival.envelope)
    result = PairingResult(asked=mail.message.subject, result=shown.code, detail=shown.detail, source=source)
    key = f"{pairing.id}:{shown.code}:{_hash(shown.detail.encode('ascii', 'replace').decode())[:16]}"
    mails = [_mail(agent, pairing.address, "paired", key, config.address, result, answers=mail.message.message_id)]
    if shown.believes is not None:
        about = NewPairing(agent=agent.name, address=pairing.address, source=source, detail=shown.detail)
        mails += admin_notifications(config.admins, "paired", key, about, config.address, config.language)
    tx.outbox.add_many(mails, mail.now)
    tx.wake("outbox")


# --- what counts


def paired(tx: Tx, organisation: Organisation) -> Pairings:
    """What is believed of agents' addresses because of pairings, as long as the address is that agent's."""
    found: dict[tuple[str, str], Expected] = {}
    for pairing in tx.pairings.proven():
        agent = organisation.agent_of(pairing.address)
        expected = from_json(pairing.believes)
        if agent is not None and agent.name == pairing.agent and expected is not None:
            found[pairing.address, pairing.source] = expected
    return found


_PARTS = frozenset({"profile", "index", "authserv_ids", "hosts", "relays", "tenant"})


def to_json(expected: Expected) -> str:
    """What is believed, as the column `believes` keeps it."""
    lists = {"authserv_ids": expected.authserv_ids, "hosts": expected.hosts, "relays": expected.relays, "tenant": expected.tenant}
    return json.dumps({"profile": expected.profile, "index": expected.index, **lists})


def from_json(text: str) -> Expected | None:
    """The stored value; None where it has a part that this program does not know, which might narrow what is believed."""
    values: dict[str, Any] = json.loads(text)
    if not values.keys() <= _PARTS:
        return None
    try:
        return Expected(
            profile=Profile(values["profile"]),
            index=int(values["index"]),
            authserv_ids=tuple(values.get("authserv_ids", ())),
            hosts=tuple(values.get("hosts", ())),
            relays=tuple(values.get("relays", ())),
            tenant=tuple(values.get("tenant", ())),
        )
    except (KeyError, TypeError, ValueError):
        return None
