"""rspamd: the spam score of a mail, by one HTTP request to its scan API (/checkv2)."""

from __future__ import annotations

import contextlib
import json
import math
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection, HTTPException, HTTPSConnection
from urllib3.exceptions import HTTPError

from mailbridge import __version__
from mailbridge.checks.scan import NotScanned, ScanFault, Spam
from mailbridge.message.envelope import Envelope

ANSWER = 1 << 20  # bytes
RECIPIENTS = 100  # most recipients in the request
SPAM = ("add header", "rewrite subject", "reject")  # rspamd's actions for spam


class Rspamd:
    """A spam filter at a URL.  Thread-safe.  Each mail has its own connection."""

    def __init__(self, url: str, *, seconds: float) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        self._path = f"{parts.path.rstrip('/')}/checkv2"
        self._seconds = seconds

    def score(self, raw: bytes, envelope: Envelope) -> Spam:
        """The spam score of the mail.  Raises NotScanned."""
        with contextlib.closing(self._connection()) as connection:
            try:
                connection.connect()
            except (OSError, HTTPError) as error:
                raise NotScanned(f"rspamd: {_words(error)}", ScanFault.AWAY) from error
            try:
                status, said = self._exchange(connection, raw, envelope)
            except (OSError, HTTPError, HTTPException, ValueError) as error:
                raise NotScanned(f"rspamd: {_words(error)}") from error
        if status != HTTPStatus.OK:
            too_large = status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise NotScanned(f"rspamd answered {status}", ScanFault.NEVER if too_large else ScanFault.BROKE)
        return _read(said)

    def _connection(self) -> HTTPConnection:
        if not self._secure:
            return HTTPConnection(self._host, self._port, timeout=self._seconds)
        return HTTPSConnection(self._host, self._port, timeout=self._seconds, ssl_context=ssl.create_default_context())

    def _exchange(self, connection: HTTPConnection, raw: bytes, envelope: Envelope) -> tuple[int, bytes]:
        header = HTTPHeaderDict({"User-Agent": f"mailbridge/{__version__}"})
        for name, value in _told(envelope):
            header.add(name, value.encode("utf-8", "replace").decode("latin-1"))  # http.client sends exactly these octets
        connection.request("POST", self._path, body=raw, headers=header, preload_content=False, decode_content=False)
        reply = connection.getresponse()
        return reply.status, reply.read(ANSWER)


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


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
