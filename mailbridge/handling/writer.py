"""Who writes a mail, as far as it is proven."""

from __future__ import annotations

from mailbridge.conversation.identify import at_the_desk, identify
from mailbridge.conversation.place import Evidence, Writer
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.released import WHO, released
from mailbridge.handling.arrival import Arrival
from mailbridge.message.envelope import Source
from mailbridge.message.model import Message
from mailbridge.message.replacing import replace
from mailbridge.store.held import What
from mailbridge.store.tx import Tx


def writer_of(tx: Tx, desk: Desk, message: Message, arrival: Arrival, found: Evidence) -> Writer:
    """The writer as the mail and its source prove it.  An agent is also proven by the agent's own yes to this mail, and by the machine of
    the desk on which the mail was typed."""
    source = arrival.envelope.source
    if source is Source.COMMAND and (typed := at_the_desk(arrival.envelope.account, desk.organisation)):
        return replace(typed, vouched=True)
    sender, vouched = message.sender, source is Source.IMPORT
    if held := released(tx, desk, message, arrival, What.MAIL):
        sender = replace(sender, verified=True, dmarc="", reasons=(*sender.reasons, f"{WHO[held.state]} said yes to this mail"))
        vouched = True
    return replace(identify(sender, found.claims, desk.organisation, trust_tokens=desk.trust_tokens), vouched=vouched)
