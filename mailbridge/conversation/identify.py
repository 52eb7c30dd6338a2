"""The author of a mail: a customer, unless all checks say it is an agent.  Pure.

An agent's mail needs exactly one strict From, a DMARC pass from our own MX for that domain, and an active agent.  Where the administrator
allows it, a valid token of a mail to that agent replaces DMARC, for its ticket only.  An agent who was removed from `rules/teams.yaml` is a
customer from then on.
"""

from __future__ import annotations

from collections.abc import Sequence

from mailbridge.conversation.place import TokenClaim, Writer
from mailbridge.conversation.tokens import Life, Purpose
from mailbridge.message.model import Sender
from mailbridge.organisation.model import Agent, Organisation


def identify(sender: Sender, claims: Sequence[TokenClaim], organisation: Organisation, *, trust_tokens: bool) -> Writer:
    """The author of a mail.  `trust_tokens`: for desks whose MX adds no results, an agent's own token replaces DMARC; the author is then
    `by_token`."""
    agent = organisation.agent_of(sender.address) if sender.strict else None
    proof = _proof(sender, agent, claims, trust_tokens=trust_tokens) if agent else ""
    failed = sender.dmarc == "fail"
    if agent is None or not proof:
        doubt = () if agent is None or sender.reasons else ("an agent's address, but not proven",)
        address = answerable(sender, organisation)
        return Writer(
            address=address,
            strict=sender.strict,
            name=sender.name,
            consultant=_consultant(sender, claims, organisation),
            mailboxes=frozenset({address.lower()} - {""}),
            verified=sender.verified,
            dmarc_failed=failed,
            policy=sender.policy,
            signed_fields=sender.signed_fields,
            reasons=sender.reasons + doubt,
        )
    groups = {organisation.teams[name].address.lower() for name in organisation.teams_of(agent.name)} - {""}
    return Writer(
        address=sender.address,
        name=agent.title or sender.name,
        agent=agent.name,
        mailboxes=frozenset(_own(agent) | groups),
        verified=True,
        by_token=not sender.verified,
        policy=sender.policy,
        signed_fields=sender.signed_fields,
        reasons=(*sender.reasons, f"agent {agent.name}: {proof}"),
    )


def answerable(sender: Sender, organisation: Organisation) -> str:
    """The address that a reply to this mail goes to; '' where there is none.

    A From field that is not exactly one plain address never names an agent, whatever a lenient parser finds in it.
    """
    if sender.strict:
        return sender.address
    return "" if organisation.agent_of(sender.answer_to) else sender.answer_to


def at_the_desk(name: str, organisation: Organisation) -> Writer | None:
    """The agent whose text was typed on the desk's own machine.  A person who may write to its database needs no further proof."""
    agent = organisation.agents.get(name)
    if agent is None or not agent.active:
        return None
    return Writer(
        address=agent.address,
        name=agent.title,
        agent=agent.name,
        mailboxes=frozenset(_own(agent)),
        verified=True,
        reasons=(f"agent {agent.name}: typed at the desk",),
    )


def _proof(sender: Sender, agent: Agent, claims: Sequence[TokenClaim], *, trust_tokens: bool) -> str:
    if sender.verified:
        return "DMARC pass"
    if not trust_tokens or sender.dmarc == "fail":
        return ""
    own = _own(agent)
    held = any(
        p.holder and p.holder.lower() in own and p.token.purpose is Purpose.AGENT and p.ticket is not None and p.life is not Life.ENDED
        for p in claims
    )
    return "token of a mail sent to this agent" if held else ""


def _consultant(sender: Sender, claims: Sequence[TokenClaim], organisation: Organisation) -> str:
    """The consultant who answers a mail that we sent to this address.  This proves an external person and gives no rights; the text is
    stored."""
    if not sender.strict or sender.dmarc == "fail":
        return ""
    key = sender.address.lower()
    named = next((c.name for c in organisation.consultants.values() if c.address.lower() == key), "")
    asked = any(p.holder and p.holder.lower() == key and p.token.purpose is Purpose.AGENT for p in claims)
    return named if asked else ""


def _own(agent: Agent) -> set[str]:
    return {agent.address.lower(), *(address.lower() for address in agent.addresses)}
