"""One mail on its way in: its bytes while DATA lasts, and the answer once they are whole."""

from __future__ import annotations

import asyncio

from mailbridge.errors import StoreAway
from mailbridge.intake.data import DataFault, DataReader
from mailbridge.intake.listener_state import ListenerState
from mailbridge.message.envelope import Envelope
from mailbridge.message.headers import header_at
from mailbridge.message.received import received

STORING = 60.0  # seconds after which the client is told to try again; it would wait ten minutes (RFC 5321 4.5.3.2.6)
TRY_LATER = "451 4.3.0 The mail cannot be stored now, try again later"


class IncomingMail:
    """The bytes of one DATA.  `whole` is done when the end of the mail has arrived; `close` counts the bytes out of memory."""

    def __init__(self, state: ListenerState, loop: asyncio.AbstractEventLoop) -> None:
        self._state = state
        self._reader = DataReader(state.listener.max_size)
        self._size = 0
        self.whole: asyncio.Future[None] = loop.create_future()
        self.is_whole = False

    @property
    def kibibytes(self) -> int:
        """How much has arrived, in whole KiB."""
        return self._size >> 10

    def feed(self, chunk: bytes) -> bytes | None:
        """Takes bytes; what came after the end of the mail, None while it has not ended."""
        self._state.buffered += len(chunk)
        self._size += len(chunk)
        rest = self._reader.feed(chunk)
        if rest is not None:
            self.is_whole = True
            if not self.whole.done():
                self.whole.set_result(None)
        return rest

    @property
    def content(self) -> bytes | DataFault:
        return self._reader.content

    def close(self) -> None:
        self._state.buffered -= self._size


async def accept(state: ListenerState, raw: bytes, envelope: Envelope, *, tls: bool, loop: asyncio.AbstractEventLoop) -> str:
    """Stores the mail; the answer to the client.  Raises what the store raises, except StoreAway: then the client tries again later."""
    raw = received(envelope, state.hostname, tls=tls) + raw[header_at(raw) :]
    stored = state.inbox.submit(raw, envelope)
    try:
        # Shielded: a client that hangs up now must not undo what the store is doing (RFC 5321 4.5.5 lets it ask again).
        inbox_id = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(stored, loop=loop)), STORING)
    except TimeoutError:
        stored.cancel()  # if it is being stored right now, the mail that comes again is a known copy
        state.log.warning("mail_put_off", source=state.source, peer=envelope.peer, size=len(raw), reason="the store gives no answer")
        return TRY_LATER
    except StoreAway as away:
        state.log.warning("mail_put_off", source=state.source, peer=envelope.peer, size=len(raw), reason=away.what)
        return TRY_LATER
    where = {"source": state.source, "inbox": inbox_id, "trace": envelope.trace}
    state.log.info("mail_accepted", **where, size=len(raw), peer=envelope.peer)
    return f"250 2.0.0 Accepted: queued as {envelope.trace}"
