"""Mails that the desk sends to itself to measure its way: their marks, what is known of each address, and when one is late.  Pure.

A mail of the regular measurement is a canary.  Its nonce is kept until it comes, and is removed then, so that the same mail counts once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mailbridge.conversation.marks import is_mark_of
from mailbridge.conversation.tokens import Signer
from mailbridge.message.passages import Passage

STATE_KEY = "canary"
KINDS = ("plain", "plus")  # to the desk's address, and to the address with +detail
AUTH_STATE_KEY = "auth-test"  # it stays after the test, for a mail that comes late
AUTH_KINDS = ("auth",)
REGULAR = "regular"

_HEAD = 64 << 10  # bytes in which a mail, or a report that returns one, has the header of the mail of the desk
_NAME = re.compile(r"\bcanary-(?P<nonce>[0-9a-f]{8,64})-(?P<kind>plain|plus|auth|regular)\b")
_MARK = re.compile(r"^x-mailbridge-loop:[ \t]*(?:\r?\n[ \t]+)?([a-z2-7.]{10,80})", re.IGNORECASE | re.MULTILINE)
_MOST_NAMES = 4  # that are looked at in one mail

LOST_AFTER = timedelta(days=1)
MOST_UNDER_WAY = 300
ROUNDING = timedelta(seconds=1)  # Received fields have whole seconds


def canary_key(nonce: str, kind: str) -> str:
    """What the mark of such a mail is made of."""
    return f"canary:{nonce}:{kind}"


def watch_key(to: str) -> str:
    """Where the store keeps what is known of the canaries to this address."""
    return f"canary:{to.lower()}"


def canary_label(nonce: str, kind: str) -> str:
    """What such a mail is called in its header."""
    return f"canary-{nonce}-{kind}"


def named_in(text: str) -> tuple[str, str] | None:
    """The nonce and the kind of the first name in the text; anybody can write one."""
    found = _NAME.search(text)
    return (found["nonce"], found["kind"]) if found else None


def brings_canary(signer: Callable[[], Signer], raw: bytes) -> bool:
    """Whether the mail is a mail of this desk to itself, a copy of one, or a report that returns one: it has a name and the mark for it."""
    if b"canary-" not in raw[:_HEAD]:
        return False
    head = raw[:_HEAD].decode("ascii", "replace")
    names = list(dict.fromkeys(_NAME.findall(head)))[:_MOST_NAMES]
    marks = list(dict.fromkeys(_MARK.findall(head)))[:_MOST_NAMES]
    return any(is_mark_of(signer(), mark, canary_key(nonce, kind)) for nonce, kind in names for mark in marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCanary:
    """A canary that has not come.  `failure`: why the outgoing server did not take it; `handed_over`: it took it; neither: unknown.

    `returned`: what a delivery report says about it; `refused`: it will never come.
    """

    nonce: str
    at: datetime
    handed_over: bool = False
    failure: str = ""
    returned: str = ""
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One part of the way.  `seconds` None: its end is not known.

    `clock`: seconds by which the clock at its end is ahead (negative: behind) beyond doubt; such a part has only the time that is certain.
    """

    name: str
    seconds: float | None
    clock: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedCanary:
    """A canary that came.  `seconds`: from the moment it was sent to the moment the desk recognised it; the sum of `legs`."""

    sent: datetime
    came: datetime
    seconds: float
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryAlarm:
    """What has to be told.  `owed`: the ways that were not used yet; they are tried at `next_at`."""

    key: str
    late: bool
    at: datetime
    reason: str
    owed: tuple[str, ...]
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryWatch:
    """All that is known of the canaries to one address.  `told`: the ways by which people know that one is late."""

    to: str
    next_at: datetime | None = None
    under_way: tuple[SentCanary, ...] = ()
    last: ArrivedCanary | None = None
    lost: int = 0
    late_since: datetime | None = None
    reason: str = ""
    told: tuple[str, ...] = ()
    alarm: CanaryAlarm | None = None

    def newest_sent_that_came(self) -> datetime:
        return self.last.sent if self.last else datetime.min.replace(tzinfo=UTC)


def started(watch: CanaryWatch, nonce: str, now: datetime, every: timedelta | None) -> CanaryWatch:
    """One more is under way; the next one follows after `every` (None: as planned before)."""
    kept = tuple(one for one in watch.under_way if now - one.at <= LOST_AFTER)[-(MOST_UNDER_WAY - 1) :]
    lost = watch.lost + len(watch.under_way) - len(kept)
    under_way = (*kept, SentCanary(nonce=nonce, at=now))
    return replace(watch, under_way=under_way, lost=lost, next_at=now + every if every else watch.next_at)


def is_due(watch: CanaryWatch, now: datetime, every: timedelta) -> bool:
    """Whether the next one is to be sent.  A plan that is too far ahead was made while the clock was wrong."""
    return watch.next_at is None or not now < watch.next_at <= now + every


def clipped(watch: CanaryWatch, now: datetime) -> CanaryWatch:
    """Nothing happened later than `now`: the clock was ahead then."""
    last, late = watch.last, watch.late_since
    return replace(
        watch,
        under_way=tuple(replace(one, at=min(one.at, now)) for one in watch.under_way),
        last=last and replace(last, sent=min(last.sent, now - ROUNDING), came=min(last.came, now)),
        late_since=late and min(late, now),
    )


def handed(watch: CanaryWatch, nonce: str, failure: str) -> CanaryWatch:
    """The outgoing server took it, or did not for the reason in `failure`.  One that came already stays so."""
    return replace(
        watch,
        under_way=tuple(replace(one, handed_over=not failure, failure=failure) if one.nonce == nonce else one for one in watch.under_way),
    )


def returned(watch: CanaryWatch, nonce: str, why: str, *, refused: bool) -> CanaryWatch:
    """A delivery report says why it did not arrive, or not yet.  A report of a delay that comes after a refusal says nothing new."""
    return replace(
        watch,
        under_way=tuple(
            replace(one, returned=why, refused=refused) if one.nonce == nonce and (refused or not one.refused) else one
            for one in watch.under_way
        ),
    )


def arrived(watch: CanaryWatch, nonce: str, accepted: datetime, now: datetime, way: Sequence[Passage]) -> CanaryWatch:
    """It came.  A canary that was overtaken by a later one is no news."""
    sent = next(one for one in watch.under_way if one.nonce == nonce)
    rest = tuple(one for one in watch.under_way if one.nonce != nonce)
    if watch.last is not None and watch.last.sent >= sent.at:
        return replace(watch, under_way=rest)
    legs = measured(sent.at, way, accepted, now)
    seconds = round(sum(leg.seconds or 0.0 for leg in legs), 3)
    return replace(watch, under_way=rest, last=ArrivedCanary(sent=sent.at, came=now, seconds=seconds, legs=legs))


def measured(sent: datetime, way: Sequence[Passage], accepted: datetime, now: datetime) -> tuple[Leg, ...]:
    """The parts of the way.  `accepted`: when the desk had the mail; it and `sent` are by the desk's clock, the others are not.

    A moment before the mail was sent, after it was accepted, or before the server in front of it shows a clock that differs.
    """
    legs, at, end = [], sent, max(sent, accepted)
    for passage in way:
        legs.append(_leg(passage, sent, at, end))
        if passage.at is not None:
            at = min(max(at, passage.at), end)
    legs.append(Leg(name="accepted by the desk", seconds=_seconds(end - at)))
    legs.append(Leg(name="recognised", seconds=_seconds(max(now, end) - end)))
    return tuple(legs)


def _leg(passage: Passage, sent: datetime, before: datetime, end: datetime) -> Leg:
    name, at = passage.host or "unknown server", passage.at
    if at is None:
        return Leg(name=name, seconds=None)
    clock = next((at - limit for limit, differs in (
        (sent, at < sent - ROUNDING), (end, at > end + ROUNDING), (before, at < before - ROUNDING),
    ) if differs), timedelta(0))  # fmt: skip
    return Leg(name=name, seconds=_seconds(min(max(before, at), end) - before), clock=_seconds(clock))


def _seconds(span: timedelta) -> float:
    return round(span.total_seconds(), 3)


def overdue(watch: CanaryWatch, waited: Callable[[SentCanary], timedelta], late_after: timedelta) -> str:
    """Why the way is broken; '' where it is not.  A canary that was overtaken by a later one does not count; one that was refused on its
    way is not waited for."""
    newest = watch.newest_sent_that_came()
    late = [one for one in watch.under_way if one.at > newest and (one.refused or waited(one) >= late_after)]
    if not late:
        return ""
    first = f"the mail of {late[0].at:%Y-%m-%d %H:%M} UTC to {watch.to} did not come back"
    return ": ".join(filter(None, (first, _known_of(late[-1]))))


def _known_of(one: SentCanary) -> str:
    """How far it came; '' where that is not known."""
    if one.refused:
        return f"the way out refused it: {one.returned}"
    if one.failure:
        return f"the outgoing server does not take mail: {one.failure}"
    if one.returned:
        return f"a server on the way delays it: {one.returned}"
    return "the outgoing server took it" if one.handed_over else ""


def judged(watch: CanaryWatch, why: str, now: datetime, ways: Sequence[str]) -> CanaryWatch:
    """With the alarm that begins or ends now.  `why` the way is broken, '' where it is not.

    Only a canary that came since the alarm began ends it.  Who was not told of the begin is not told of the end.
    """
    if why and watch.late_since is None:
        return replace(watch, late_since=now, reason=why, told=(), alarm=_alarm(watch.to, now, why, ways, late=True))
    if why or watch.late_since is None or watch.last is None or watch.last.came < watch.late_since:
        return watch
    said = f"the mail to {watch.to} came back after {watch.last.seconds:.0f} s"
    alarm = _alarm(watch.to, now, said, watch.told, late=False)
    return replace(watch, late_since=None, reason="", told=(), alarm=alarm)


def _alarm(to: str, now: datetime, reason: str, ways: Sequence[str], *, late: bool) -> CanaryAlarm | None:
    key = f"{'late' if late else 'back'}:{to}:{now.isoformat()}"
    return CanaryAlarm(key=key, late=late, at=now, reason=reason, owed=tuple(ways), next_at=now) if ways else None


def told_by(watch: CanaryWatch, key: str, way: str) -> CanaryWatch:
    """This way of the alarm was used."""
    alarm = watch.alarm
    if alarm is None or alarm.key != key:
        return watch
    rest = tuple(one for one in alarm.owed if one != way)
    told = (*watch.told, way) if alarm.late else watch.told
    return replace(watch, told=told, alarm=replace(alarm, owed=rest) if rest else None)


# -- as JSON ----------------------------------------------------------------------------------------------------------------


def watch_of(to: str, stored: Mapping[str, Any] | None) -> CanaryWatch:
    """What `stored_watch` made; an empty one where nothing is stored."""
    if not stored:
        return CanaryWatch(to=to)
    last, alarm = stored["last"], stored["alarm"]
    return CanaryWatch(
        to=to,
        next_at=_moment(stored["next_at"]),
        under_way=tuple(SentCanary(**one | {"at": datetime.fromisoformat(one["at"])}) for one in stored["under_way"]),
        last=ArrivedCanary(**last | _moments(last, "sent", "came") | {"legs": tuple(Leg(**leg) for leg in last["legs"])}) if last else None,
        lost=stored["lost"],
        late_since=_moment(stored["late_since"]),
        reason=stored["reason"],
        told=tuple(stored["told"]),
        alarm=CanaryAlarm(**alarm | _moments(alarm, "at", "next_at") | {"owed": tuple(alarm["owed"])}) if alarm else None,
    )


def stored_watch(watch: CanaryWatch) -> dict[str, Any]:
    """The watch as JSON values."""
    last, alarm = watch.last, watch.alarm
    return {
        "next_at": _text(watch.next_at),
        "under_way": [
            {
                "nonce": one.nonce,
                "at": _text(one.at),
                "handed_over": one.handed_over,
                "failure": one.failure,
                "returned": one.returned,
                "refused": one.refused,
            }
            for one in watch.under_way
        ],
        "last": last
        and {
            "sent": _text(last.sent),
            "came": _text(last.came),
            "seconds": last.seconds,
            "legs": [{"name": leg.name, "seconds": leg.seconds, "clock": leg.clock} for leg in last.legs],
        },
        "lost": watch.lost,
        "late_since": _text(watch.late_since),
        "reason": watch.reason,
        "told": list(watch.told),
        "alarm": alarm
        and {
            "key": alarm.key,
            "late": alarm.late,
            "at": _text(alarm.at),
            "reason": alarm.reason,
            "owed": list(alarm.owed),
            "next_at": _text(alarm.next_at),
        },
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _moments(stored: Mapping[str, Any], *names: str) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(stored[name]) for name in names}
