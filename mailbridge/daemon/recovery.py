"""What waits for a server is tried as soon as a probe shows that the server works again, and not when its wait is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mailbridge.daemon.app import App
from mailbridge.delivery.deliver import DeliveryWorker
from mailbridge.health.names import CLAMD, DNS, RSPAMD

CHECKS = (DNS, CLAMD, RSPAMD)


class Recovery:
    """`delivery`: the source of each outgoing server -> its workers.  `wake_outbox` wakes them."""

    def __init__(self, app: App, delivery: Mapping[str, Sequence[DeliveryWorker]], wake_outbox: Callable[[], None]) -> None:
        self._app, self._delivery, self._wake_outbox = app, delivery, wake_outbox

    def works_again(self, source: str) -> None:
        """Mails that wait for this source are due now.  Raises StoreAway."""
        if source in CHECKS:
            self._app.look_again_at_checks()
            with self._app.store.write() as tx:
                if tx.inbox.try_again(self._app.clock.now()):
                    tx.wake("inbox")
        for worker in self._delivery.get(source, ()):
            worker.look_again()
        if source in self._delivery:
            self._wake_outbox()
