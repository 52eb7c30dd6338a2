"""Whether a mail can be filed now, by what its checks found, or better waits for those who did not answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from mailbridge.checks.examine import Examined
from mailbridge.checks.scan import ScanFault
from mailbridge.config.model import WhenSilent
from mailbridge.execution.desk import Desk

SHORTEST = timedelta(seconds=30)
LONGEST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """The mail waits; `counts`: this was one of its tries, and after the last it goes aside."""

    reason: str
    counts: bool

    def pause(self, age: timedelta) -> timedelta:
        """How long a mail of that age waits now: half a minute, and longer the longer it has waited, for it is read anew each time."""
        return min(max(age / 10, SHORTEST), LONGEST)


def hold(mail: Examined, attempts: int, desk: Desk) -> Deferral | None:
    """Why the mail waits, None when it need not.  `attempts` counts this one."""
    return _unscanned(mail, desk) or _doubtful(mail, attempts, desk)


def _unscanned(mail: Examined, desk: Desk) -> Deferral | None:
    """A scanner that is away is waited for as long as it takes; one that breaks off may break at this mail for ever."""
    waited_for = [silence for silence in mail.scan.silences if silence.fault is not ScanFault.NEVER]
    if not waited_for or desk.config.scan.on_failure is WhenSilent.ACCEPT:
        return None
    reason = "; ".join(silence.reason for silence in waited_for)
    return Deferral(reason=f"not scanned: {reason}", counts=any(silence.fault is ScanFault.BROKE for silence in waited_for))


def _doubtful(mail: Examined, attempts: int, desk: Desk) -> Deferral | None:
    """An agent whom the DNS did not confirm just now would be filed as a stranger, and the customer would not get the answer."""
    sender = mail.message.sender
    asked = sender.dmarc == "temperror" and any(reason.startswith("dmarc=temperror: ") for reason in sender.reasons)
    if not asked or attempts >= desk.config.limits.tries or desk.organisation.agent_of(sender.address) is None:
        return None
    return Deferral(reason="the DNS does not say whether an agent wrote it", counts=True)
