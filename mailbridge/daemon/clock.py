"""The thread that notices when the clock of the machine was set, and makes everything look again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Event

from mailbridge.daemon.app import App
from mailbridge.errors import Transient
from mailbridge.jobs.clock_jump import after_step
from mailbridge.ops import log as logs

LOOK = timedelta(seconds=1)

log = logs.get("clock")


class ClockSteps:
    """Watches the clock of a daemon.  `look_again`: what each part has to do after a step."""

    def __init__(self, app: App, *, look_again: Sequence[Callable[[], None]]) -> None:
        self._app, self._look_again = app, look_again
        self._step: timedelta | None = None  # not handled yet

    def run(self, stop: Event) -> None:
        """Watches until `stop`."""
        while not stop.wait(LOOK.total_seconds()):
            self.one_turn()

    def one_turn(self) -> None:
        """A step since the last turn is handled; while the database is away, at the next turn."""
        if (step := self._app.clock_watch.look()) is not None:
            self._step = step
            log.warning("clock_set", seconds=round(step.total_seconds()), now=self._app.clock.now().isoformat())
            self._app.metrics.clock_set()
        if self._step is not None and self._handled(self._step):
            self._step = None

    def _handled(self, step: timedelta) -> bool:
        try:
            after_step(self._app.store, step, self._app.clock.now(), self._app.faults.clock_set)
        except Transient as error:
            log.warning("store_away", error=str(error))
            return False
        except Exception:  # an internal error must not end the watch
            log.exception("clock_step_not_handled")
        for part in self._look_again:
            part()
        return True
