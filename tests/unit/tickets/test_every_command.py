"""The vocabulary is whole: whatever somebody may want of a ticket is judged somewhere."""

from __future__ import annotations

from typing import get_args

from mailbridge.tickets.command_types.mails import Open
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decide import HANDLERS


def test_every_command_but_open_has_a_judge() -> None:
    assert set(get_args(Command)) - set(HANDLERS) == {Open}
