"""A mail to the address in List-Unsubscribe (RFC 2369 section 3.2): it ends a digest or report for the agent it was made for.

The address is the proof: it is signed for one agent and one list, and is in no other mail.  Who sends the mail, and whether a program
does, does not count, because mail programs and providers send it in many ways.  The agent reads that it was ended.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailbridge.conversation.tokens import MOST_TOKENS, Purpose, Token
from mailbridge.execution.desk import Desk
from mailbridge.execution.subscriptions import lists, number_of, switch
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import ArrivedMail
from mailbridge.organisation.model import Agent
from mailbridge.store.tx import Tx


def unsubscribes(desk: Desk, mail: ArrivedMail) -> bool:
    """Whether the mail is to such an address, genuine or not."""
    return next(_tokens(desk, mail), None) is not None


def file_unsubscription(tx: Tx, desk: Desk, mail: ArrivedMail) -> MailResult | None:
    """The digest or report is ended; None where the address is forged, or was made for somebody or something that is not there any more."""
    for token in _tokens(desk, mail):
        name = next((name for name in lists(desk.organisation) if number_of(name) == token.ticket), None)
        agent = _holder(desk, token)
        if name is not None and agent is not None:
            changed = switch(tx, desk, agent, name, mail.now, on=False)
            return MailResult(outcome=MailOutcome.IGNORED, reason=f"{agent.name} {'ended' if changed else 'had ended'} {name}")
    return None


def _tokens(desk: Desk, mail: ArrivedMail) -> Iterator[Token]:
    addresses = (*mail.arrival.envelope.rcpt_to, *(one.address for one in mail.message.recipients))
    for address in addresses[:MOST_TOKENS]:
        token = desk.signer.in_address(address)
        if token is not None and token.purpose is Purpose.UNSUBSCRIBE:
            yield token


def _holder(desk: Desk, token: Token) -> Agent | None:
    agents = {agent.address: agent for agent in desk.organisation.agents.values()}
    holder = desk.signer.holder(token, agents)
    return agents[holder] if holder else None
