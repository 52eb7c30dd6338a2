"""One call to a host that the configuration allows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from mailbridge.delivery.webhooks.allowed import allowed
from mailbridge.ops.https import NoAnswer, request

ANSWER = 2_048  # bytes of an answer that are read
SHOWN = 500  # characters of it that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookResponse:
    """What came back.  `status` None: nothing that is HTTP, and `text` says why."""

    status: int | None
    text: str = ""
    retry_after: timedelta | None = None


class Caller:
    """Makes calls, each on a connection of its own; any number of threads may use it."""

    def __init__(self, hosts: Collection[str], *, time_limit: timedelta, ca_file: Path | None = None) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._time_limit = time_limit
        self._ca_file = ca_file

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
        """The answer.  Raises NotAllowed; whatever else goes wrong is an Answer without a status."""
        return self._call("POST", url, body, headers)

    def get(self, url: str) -> WebhookResponse:
        """The answer to a GET, as to a POST."""
        return self._call("GET", url, None, {})

    def _call(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> WebhookResponse:
        where = allowed(url, self._hosts)
        try:
            response = request(method, where, body, headers, time_limit=self._time_limit, most=ANSWER, ca_file=self._ca_file)
        except NoAnswer as error:
            return WebhookResponse(status=None, text=_line(str(error)))
        text = response.body.decode("utf-8", "replace")
        return WebhookResponse(status=response.status, text=_line(text), retry_after=response.retry_after)


def _line(text: str) -> str:
    return " ".join(text.split())[:SHOWN]
