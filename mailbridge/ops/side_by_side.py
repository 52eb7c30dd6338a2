"""Work that waits for servers, done side by side, so that a silent server holds up nothing of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock, Thread
from typing import TypeVar

_Result = TypeVar("_Result")


def side_by_side(work: Sequence[Callable[[], _Result]], *, most: int, name: str) -> list[_Result]:
    """The results in the order of the work, at most `most` at a time.  An exception is raised when all are done, the first one.

    The threads are daemons: a process that ends does not wait for them, as it does for those of a ThreadPoolExecutor.
    """
    results: dict[int, _Result] = {}
    errors: dict[int, BaseException] = {}
    left, lock = iter(list(enumerate(work))), Lock()

    def take() -> tuple[int, Callable[[], _Result]] | None:
        with lock:
            return next(left, None)

    def run() -> None:
        while (taken := take()) is not None:
            place, one = taken
            try:
                results[place] = one()
            except BaseException as error:
                errors[place] = error

    threads = [Thread(target=run, name=f"{name}-{number}", daemon=True) for number in range(min(most, len(work)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [results[place] for place in range(len(work))]
