"""A mail that the desk sent to itself: its way is measured, and it becomes no ticket."""

from __future__ import annotations

from mailbridge.conversation import canary
from mailbridge.conversation.canary import AUTH_KINDS, AUTH_STATE_KEY, KINDS, REGULAR, STATE_KEY, canary_key, watch_key
from mailbridge.conversation.marks import is_mark_of, is_our_mark
from mailbridge.execution.desk import Desk
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import ArrivedMail
from mailbridge.message.headers import header_block, mail_fields
from mailbridge.message.model import Bounce, Strength
from mailbridge.message.passages import passages
from mailbridge.store.tx import Tx

_REASON = 300  # characters of a server's words
_SENDERS = ((STATE_KEY, KINDS, "doctor"), (AUTH_STATE_KEY, AUTH_KINDS, "auth test"))


def file_canary(tx: Tx, desk: Desk, mail: ArrivedMail) -> MailResult | None:
    """The mail's arrival is noted where it is one that is waited for; None for every other mail, also for a copy of one that came."""
    if not is_our_mark(desk.signer, mail.message.loop_mark):
        return None
    return _asked_for(tx, desk, mail) or _regular(tx, desk, mail)


def _asked_for(tx: Tx, desk: Desk, mail: ArrivedMail) -> MailResult | None:
    """A mail of a command that waits for it."""
    mark, now = mail.message.loop_mark, mail.now
    for key, kinds, command in _SENDERS:
        sent = tx.state.get(key)
        for kind in kinds if sent else ():
            if is_mark_of(desk.signer, mark, canary_key(sent["nonce"], kind)):
                sent = tx.state.take(key, now) or sent
                tx.state.set(key, {**sent, kind: now.isoformat()}, now)
                return MailResult(outcome=MailOutcome.CANARY, reason=f"a mail of mailbridge {command} to the desk itself")
    return None


def _regular(tx: Tx, desk: Desk, mail: ArrivedMail) -> MailResult | None:
    """A mail of the regular measurement."""
    for to in _measured(desk):
        nonce = _nonce(tx.state.get(watch_key(to)), to, desk, mail)
        # Between the two looks another process may have taken a copy of the same mail.
        if not nonce or not (nonce := _nonce(stored := tx.state.take(watch_key(to), mail.now), to, desk, mail)):
            continue
        watch = canary.clipped(canary.watch_of(to, stored), mail.now)
        way = passages(mail_fields(header_block(tx.blobs.get(mail.arrival.sha256))))
        watch = canary.arrived(watch, nonce, mail.arrival.envelope.received_at, mail.now, way)
        tx.state.set(watch_key(to), canary.stored_watch(watch), mail.now)
        return MailResult(outcome=MailOutcome.CANARY, reason="a mail of the desk to itself, which measures the way of mail")
    return None


def _nonce(stored: object, to: str, desk: Desk, mail: ArrivedMail) -> str:
    """The nonce of the canary that this mail is, if it is one that has not come yet."""
    under_way = canary.watch_of(to, stored).under_way if isinstance(stored, dict) else ()
    mark = mail.message.loop_mark
    return next((one.nonce for one in under_way if is_mark_of(desk.signer, mark, canary_key(one.nonce, REGULAR))), "")


def file_canary_bounce(tx: Tx, desk: Desk, mail: ArrivedMail) -> MailResult | None:
    """The report about a mail of the desk to itself is noted with it, so that nobody waits for that mail; None for every other report.

    A report proves what it is about by the mark that it returns, or by the nonce, which only servers on the way have seen.
    """
    report = mail.message.bounce
    named = canary.named_in(report.original_id) if report else None
    if report is None or not (named or (desk.config.canary_addresses and is_our_mark(desk.signer, report.returned_mark))):
        return None
    addresses = {one.lower() for one in report.recipients}
    if mail.message.strength is Strength.WEAK and not any(to.lower() in addresses for to in _measured(desk)):
        return None  # words about a bounce in a mail of a person
    is_ours = bool(named) and is_mark_of(desk.signer, report.returned_mark, canary_key(*named or ("", "")))
    if not _noted(tx, desk, report, named[0] if named else "", mail) and not is_ours:
        return None
    return MailResult(outcome=MailOutcome.CANARY, reason="a delivery report about a mail of the desk to itself")


def _noted(tx: Tx, desk: Desk, report: Bounce, named: str, mail: ArrivedMail) -> bool:
    """Whether the report is about a canary that has not come yet; what it says is stored then."""
    for to in _measured(desk):
        if not _returned(tx.state.get(watch_key(to)), to, desk, report, named):
            continue
        watch = canary.clipped(canary.watch_of(to, tx.state.take(watch_key(to), mail.now)), mail.now)
        nonce = _returned(canary.stored_watch(watch), to, desk, report, named)
        watch = canary.returned(watch, nonce, _words_of(report), refused=not report.temporary)
        tx.state.set(watch_key(to), canary.stored_watch(watch), mail.now)
        return True
    return False


def _returned(stored: object, to: str, desk: Desk, report: Bounce, named: str) -> str:
    """The nonce of the canary that the report is about, if it is one that has not come yet."""
    under_way = canary.watch_of(to, stored).under_way if isinstance(stored, dict) else ()
    return next((one.nonce for one in under_way if one.nonce == named or _has_mark_of(desk, report, one.nonce)), "")


def _words_of(report: Bounce) -> str:
    """The words of the server that returned it, without the type in front (`smtp;`, RFC 3464 2.3.6)."""
    said = " ".join((report.diagnostic.partition(";")[2] or report.diagnostic).split())
    said = said if report.status in said else f"{report.status} {said}".strip()
    return said[:_REASON] or "no reason was given"


def _has_mark_of(desk: Desk, report: Bounce, nonce: str) -> bool:
    return is_mark_of(desk.signer, report.returned_mark, canary_key(nonce, REGULAR))


def _measured(desk: Desk) -> tuple[str, ...]:
    return desk.config.canary_addresses or (desk.config.desk.address,)
