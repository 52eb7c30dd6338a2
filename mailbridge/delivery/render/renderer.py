"""From a promise to the bytes of its mail, or to the reason why there are none: caps, view, template, files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbridge.clock import Clock
from mailbridge.conversation.marks import loop_mark
from mailbridge.delivery.render.carried import carried
from mailbridge.delivery.render.filters import bare
from mailbridge.delivery.render.invitations import invitation_of
from mailbridge.delivery.render.long_articles import with_file
from mailbridge.delivery.render.mail import Unwritable, build
from mailbridge.delivery.render.render import Renderer, TemplateFailed, guarded, without_template
from mailbridge.delivery.render.sign_in import with_sign_in
from mailbridge.delivery.render.template_context import DeskView, TemplateContext
from mailbridge.delivery.render.thread_fields import ThreadFields, thread_index
from mailbridge.errors import StoreAway
from mailbridge.execution.desk import Desk
from mailbridge.message.model import Attachment
from mailbridge.notifications import limits
from mailbridge.notifications.model import Audience, Notification, Queued
from mailbridge.notifications.payloads.digest import Digest
from mailbridge.notifications.payloads.reports import HourStatement, Report
from mailbridge.ops import log as logs
from mailbridge.store import restoring
from mailbridge.store.mails import StoredAttachment
from mailbridge.store.tx import Tx

_WRITTEN = frozenset({"new", "customer_replied", "colleague_answered", "meeting_answered"})  # news of what somebody wrote

log = logs.get("outbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Worded."""

    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PermanentFailure:
    """It cannot be rendered or written, now or later."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Something of ours broke; perhaps not the next time."""

    reason: str


RenderResult = Rendered | PermanentFailure | Retry | limits.Suppressed | limits.Postponed | limits.KeepBack


class NotificationRenderer:
    """Renders notifications; `view` loads what a template may show."""

    def __init__(
        self, renderer: Renderer, clock: Clock, *, desk: Callable[[], Desk], view: Callable[[Tx, Notification, Desk], TemplateContext]
    ) -> None:
        self._renderer, self._clock, self._desk, self._view = renderer, clock, desk, view

    def render(self, tx: Tx, queued: Queued) -> RenderResult:
        """The mail in bytes, or why there is none.  Raises StoreAway alone."""
        desk, now = self._desk(), self._clock.now()
        try:
            kept_back = _hidden(tx, queued, desk) or _restored(tx, queued) or _limited(tx, queued, desk, now)
            if not kept_back and queued.unreadable:
                return _later(queued, desk, queued.unreadable)  # a newer program may read it in the meantime
            return kept_back or Rendered(raw=self._written(tx, queued, desk))
        except TemplateFailed as error:
            reason = f"template error: {error}"
            return _later(queued, desk, reason) if _is_unread(error) else PermanentFailure(reason=reason)
        except Unwritable as error:
            return PermanentFailure(reason=str(error))
        except StoreAway:
            raise
        except Exception as error:  # a bug of ours, or a content that is gone: it must not stop the mails beside this one
            log.exception("rendering_failed", outbox=queued.id)
            return _later(queued, desk, f"{type(error).__name__}: {error}")

    def unlimited(self, tx: Tx, queued: Queued) -> bytes:
        """The mail, whatever the caps say.  Raises what a broken template raises."""
        return self._written(tx, queued, self._desk())

    def without_store(self, notification: Notification) -> bytes:
        """A mail about no ticket, with nothing read from the database.  Raises what a broken template raises."""
        desk = self._desk()
        name, address = desk.config.desk.sent_as(notification.sender)
        return self._built(notification, TemplateContext(desk=DeskView(name=name, address=address)), desk, ())

    def hidden(self, tx: Tx, queued: Queued) -> limits.Suppressed | None:
        """Why the recipient may not see what a mail that is rendered already is about, as things are now."""
        return _hidden(tx, queued, self._desk())

    def _written(self, tx: Tx, queued: Queued, desk: Desk) -> bytes:
        seen = self._view(tx, queued.notification, desk)
        stored = tx.mails.attachments(seen.mail) if seen.mail else []
        goes = carried(queued.notification, stored, seen.rich, lambda file: _attachment(tx, file))
        text, html = seen.rich.shown(goes.pictures) if seen.rich else (seen.text, seen.html)
        seen = replace(seen, text=text, html=html, left_out=goes.left_out, renamed=goes.renamed)
        return self._built(queued.notification, seen, desk, goes.files)

    def _built(self, notification: Notification, seen: TemplateContext, desk: Desk, files: Sequence[Attachment]) -> bytes:
        notification, article = with_file(with_sign_in(notification, desk))
        notification, view = guarded(notification, replace(seen, whole=article) if article else seen)
        try:
            rendered = self._renderer.render(notification, view)
        except TemplateFailed as error:
            if notification.audience is Audience.CUSTOMER:
                raise
            # Whoever works here hears of it all the same, in plain words, and of the broken template too.
            rendered = without_template(notification, view, error)
        name, address = desk.config.desk.sent_as(notification.sender)
        return build(
            rendered,
            notification,
            sender_address=address,
            desk_name=name,
            date=self._clock.now(),
            attachments=files,
            text_file=(view.whole.name, view.whole.text) if view.whole else numbers_of(notification),
            unsubscribe=stop_of(notification),
            loop_mark=loop_mark(desk.signer, notification.key),
            thread=self._thread(notification, view, rendered.subject),
            writer=_writer(notification, view),
            invitation=invitation_of(
                notification,
                prefix=desk.config.desk.prefix,
                subject=view.ticket.subject if view.ticket else "",
                desk_name=name,
                desk_address=address,
            ),
        )

    def _thread(self, notification: Notification, view: TemplateContext, subject: str) -> tuple[str, str] | None:
        """Thread-Topic and Thread-Index; those of the customer's mail where it has some."""
        ticket, begun = view.ticket, view.thread or ThreadFields()
        if ticket is None or ticket.created_at is None:
            return None
        own, theirs = bare(subject), bare(begun.topic)
        topic = theirs if theirs and theirs == bare(ticket.opened_as) else own
        root = notification.references[0] if notification.references else ticket.number
        return topic, thread_index(begun.index, root, ticket.created_at, self._clock.now())


def numbers_of(notification: Notification) -> tuple[str, str] | None:
    """Name and text of the CSV file that goes along with a report or the statement of an hour bank."""
    match notification.payload:
        case Report(csv=text, kind=kind, first=first) as report if text:
            return f"{report.name or kind}-{first}.csv", text
        case HourStatement(csv=text, rows=rows) if text:
            return f"hours-{rows[-1].month}.csv", text
    return None


def stop_of(notification: Notification) -> str:
    """The address that ends the digest or report of which this mail is one; '' for every other mail."""
    match notification.payload:
        case Report(stop=address) | Digest(stop=address):
            return address
    return ""


def _writer(notification: Notification, view: TemplateContext) -> str:
    """Who wrote what agents read in this mail, where that is proven; From is no place for a name that anybody can write."""
    proven = view.verdict is not None and view.verdict.is_ in ("agent", "verified")
    return view.author if notification.audience is Audience.AGENT and notification.event in _WRITTEN and proven else ""


def _is_unread(error: TemplateFailed) -> bool:
    """Whether the system could not read a file (EIO, EMFILE); a file that is not there is Jinja's own error, without a number."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno is not None


def _later(queued: Queued, desk: Desk, reason: str) -> Retry | PermanentFailure:
    """Tried again until the last try."""
    return Retry(reason=reason) if queued.attempts < desk.config.limits.tries else PermanentFailure(reason=reason)


def _hidden(tx: Tx, queued: Queued, desk: Desk) -> limits.Suppressed | None:
    """Why the recipient may not see the ticket, as it is now."""
    notification = queued.notification
    if notification.ticket is None or notification.audience is Audience.CUSTOMER:
        return None
    return limits.hidden(notification, tx.tickets.surviving(notification.ticket), desk.organisation)


def _restored(tx: Tx, queued: Queued) -> limits.KeepBack | None:
    """Why a mail to a customer is kept back after a restore: it may be the second one."""
    notification = queued.notification
    mail = tx.mails.get(notification.mail) if notification.mail and notification.audience is Audience.CUSTOMER else None
    reason = restoring.kept_back_because(tx.state, queued.id, mail.id, mail.received_at, mail.date) if mail else ""
    return limits.KeepBack(reason=reason) if reason else None


def _limited(tx: Tx, queued: Queued, desk: Desk, now: datetime) -> limits.Suppressed | limits.Postponed | None:
    """What the caps say, from the counts of what was queued before this mail."""
    notification, at, caps = queued.notification, queued.created_at, desk.config.limits
    if not limits.counted(notification):
        return None
    earlier = _earlier(tx, notification.recipient, at, caps.automatic_per_hour)
    if earlier.recipient_hour >= caps.mails_per_unproven_hour and notification.ticket:  # most mails ask no more
        ticket = tx.tickets.surviving(notification.ticket)
        earlier = replace(earlier, unproven=ticket is not None and not ticket.verified)
    suspended = tx.addresses.suspended(notification.recipient, now)
    return limits.limited(notification, earlier, caps, promised_at=at, now=now, suspended=suspended)


def _earlier(tx: Tx, recipient: str, at: datetime, flood: int) -> limits.Earlier:
    """How many automatic mails were promised before `at`.  Most people get one mail a day, so two questions are enough for most."""
    box = tx.outbox
    everybody = box.count_all_since(at - limits.HOUR, limit=flood + 1) - 1
    if everybody >= flood:
        everybody = box.count_all_since(at - limits.HOUR) - box.count_all_since(at)
    if box.count_since(recipient, at - limits.DAY, limit=2) < 2:
        return limits.Earlier(everybody_hour=everybody)

    def to_recipient(span: timedelta, event: str | None = None) -> int:
        return box.count_since(recipient, at - span, event=event) - box.count_since(recipient, at, event=event)

    return limits.Earlier(
        receipts_hour=to_recipient(limits.HOUR, limits.RECEIPT),
        recipient_hour=to_recipient(limits.HOUR),
        recipient_day=to_recipient(limits.DAY),
        everybody_hour=everybody,
    )


def _attachment(tx: Tx, file: StoredAttachment) -> Attachment:
    return Attachment(
        part=file.part,
        name=file.name,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        content=tx.blobs.get(file.sha256),
        disposition=file.disposition,
        content_id=file.content_id,
    )
