"""Everything that the files under rules/ say, as values; `load` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailbridge.organisation.model import Organisation
from mailbridge.organisation.priority import Priority
from mailbridge.rules.flow import NotificationFlow
from mailbridge.rules.rule_set import RuleSet
from mailbridge.sla.clock import Targets

Levels = Mapping[str, Mapping[Priority, Targets]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the desk goes by.  `version` is a hash of all texts; the same texts are the same policy everywhere.  `calendars` is a hash of
    all calendars, whose days do not come from the texts alone."""

    version: str
    organisation: Organisation
    rules: RuleSet
    levels: Levels = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    calendars: str = ""
    feeds: tuple[str, ...] = ()  # addresses of calendar feeds
    timed: tuple[RuleSet, ...] = ()  # the rules by time, each as a set of its own
    flow: NotificationFlow = field(default_factory=NotificationFlow)  # who is told what, where notifications.yaml says it
