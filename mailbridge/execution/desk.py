"""The desk as it is configured now: configuration, rules and signing keys."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from mailbridge.config.model import AgentTrust, Config, Identity
from mailbridge.conversation.tokens import Signer
from mailbridge.knowledge.base import EMPTY, Knowledge
from mailbridge.message.replacing import replace
from mailbridge.organisation.model import Organisation
from mailbridge.rules.policy import Policy
from mailbridge.sla.waiting import WaitingTimes
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket


@lru_cache(maxsize=64)
def _lowered(addresses: tuple[str, ...]) -> frozenset[str]:
    return frozenset(address.lower() for address in addresses)


def _files_alone(files: Policy, _: Tx) -> Policy:
    return files


def _nobody(_: str) -> str:
    return "there is no folder of certificates"


def _nothing_measured(_: Tx) -> WaitingTimes:
    return WaitingTimes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Configuration, policy, knowledge base and signing keys of this moment.  A reload makes a new one."""

    config: Config
    policy: Policy
    signer: Signer
    rules_timed: Callable[[], AbstractContextManager[object]] = nullcontext  # timer for rule evaluation
    waiting: Callable[[Tx], WaitingTimes] = _nothing_measured  # how long customers wait for the first answer
    known: Callable[[], Knowledge] = lambda: EMPTY  # the articles and answers, read at their first use
    not_encrypted_to: Callable[[str], str] = _nobody  # why mail to the address cannot be encrypted; '' where it can
    overlaid: Callable[[Policy, Tx], Policy] = _files_alone  # the policy with what was changed about customers

    def at(self, tx: Tx) -> Self:
        """The desk with the customers as they stand in this transaction."""
        policy = self.overlaid(self.policy, tx)
        return self if policy is self.policy else replace(self, policy=policy)

    @property
    def knowledge(self) -> Knowledge:
        return self.known()

    @property
    def organisation(self) -> Organisation:
        return self.policy.organisation

    @property
    def trust_tokens(self) -> bool:
        return self.config.desk.agent_trust is AgentTrust.TOKEN

    @property
    def own_addresses(self) -> frozenset[str]:
        return _lowered(self.config.desk.addresses)

    def identity_of(self, ticket: Ticket) -> Identity | None:
        """What mails to customers about the ticket come from: what the customer wrote to, else the team's; None: the desk's own address."""
        settings = self.config.desk
        written_to = settings.identity_at(ticket.identity) if ticket.identity else None
        return written_to or settings.identity_of_team(ticket.team)

    def is_own(self, address: str) -> bool:
        """Whether mail to this address comes back to us: an address of the desk, with or without +detail."""
        local, _, domain = address.lower().rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" in self.own_addresses


