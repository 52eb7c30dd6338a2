"""Rules by time: what they may ask and do, and which words need them."""

from __future__ import annotations

from mailbridge.config.nodes import Mapping, Node, Place
from mailbridge.config.reading import Reading
from mailbridge.rules.actions import sets_on_arrival
from mailbridge.rules.compile import OF_TICKETS, kinds_of
from mailbridge.rules.fact_values import BY_TIME
from mailbridge.rules.tree import Rule


def check(node: Mapping, rule: Rule, reading: Reading) -> None:
    """Notes what a rule with `every` cannot ask or do, and what one without cannot ask."""
    asked, by_ticket = kinds_of(rule.when), any(example.ticket for example in rule.examples)
    if rule.every is None:
        for kind in sorted(asked & BY_TIME):
            reading.mistake(_at(node, "when"), f'"{kind}" in a rule without "every"', 'add "every: 1h": a mail has no such time')
        if by_ticket:
            reading.mistake(_at(node, "examples"), 'an example with "ticket" for a rule about mails', "give it a mail")
        return
    for kind in sorted(asked - OF_TICKETS):
        reading.mistake(_at(node, "when"), f'"{kind}" in a rule with "every"', "it looks at tickets, and there is no mail to ask")
    for action in sets_on_arrival(rule.then):
        reading.mistake(_at(node, "then"), f'"{action}" in a rule with "every"', "there is no mail that it could be done to")
    if rule.stop:
        reading.mistake(_at(node, "stop"), '"stop" in a rule with "every"', "each rule by time looks alone")
    if any(not example.ticket for example in rule.examples):
        reading.mistake(_at(node, "examples"), 'a rule with "every" has examples with "ticket"', "{ticket: {untouched: 4d}, gives: …}")


def _at(node: Mapping, key: str) -> Place:
    found: Node | None = node.get(key)
    return (found or node).place
