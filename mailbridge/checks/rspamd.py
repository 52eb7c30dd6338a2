"""rspamd: the spam score of a mail, by one HTTP request to its scan API (/checkv2)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus

from mailbridge.checks.scan import NotScanned, ScanFault, Spam
from mailbridge.message.envelope import Envelope
from mailbridge.ops.https import NoAnswer, NoConnection, request

ANSWER = 1 << 20  # bytes
RECIPIENTS = 100  # most recipients in the request
SPAM = ("add header", "rewrite subject", "reject")  # rspamd's actions for spam


class Rspamd:
    """A spam filter at a URL.  Thread-safe.  Each mail has its own connection."""

    def __init__(self, url: str, *, seconds: float) -> None:
        self._url = f"{url.rstrip('/')}/checkv2"
        self._seconds = timedelta(seconds=seconds)

    def score(self, raw: bytes, envelope: Envelope) -> Spam:
        """The spam score of the mail.  Raises NotScanned."""
        # http.client sends exactly these octets.
        header = [(name, value.encode("utf-8", "replace").decode("latin-1")) for name, value in _told(envelope)]
        try:
            answer = request("POST", self._url, raw, header, time_limit=self._seconds, most=ANSWER)
        except NoAnswer as error:
            fault = ScanFault.AWAY if isinstance(error, NoConnection) else ScanFault.BROKE
            raise NotScanned(f"rspamd: {str(error)[:200]}", fault) from error
        if answer.status != HTTPStatus.OK:
            too_large = answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise NotScanned(f"rspamd answered {answer.status}", ScanFault.NEVER if too_large else ScanFault.BROKE)
        return _read(answer.body)


def _told(envelope: Envelope) -> Iterator[tuple[str, str]]:
    """The known parts of the envelope as rspamd's request header fields."""
    if envelope.mail_from is not None:
        yield "From", envelope.mail_from
    yield from (("Rcpt", recipient) for recipient in envelope.rcpt_to[:RECIPIENTS])
    if envelope.peer:
        yield "Ip", envelope.peer
    if envelope.helo:
        yield "Helo", envelope.helo


def _read(said: bytes) -> Spam:
    try:
        answer = json.loads(said)
        score, required = float(answer["score"]), float(answer["required_score"])
        skipped, action = bool(answer.get("is_skipped")), answer["action"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotScanned("rspamd gave no answer that can be read") from error
    if skipped or not math.isfinite(score) or not math.isfinite(required):
        raise NotScanned("rspamd skipped the mail", ScanFault.NEVER)
    # `required_score` is the threshold of "reject".  rspamd marks spam below that, at a threshold that the answer does not contain.
    return Spam(score=score, required=min(required, score) if action in SPAM and score > 0 else required)
