"""Reads one calendar feed in its own process: `python -m mailbridge.sandbox.feed_child FIRST LAST MEMORY SECONDS`.

Standard input is the feed.  Standard output is one JSON document: the times, or `error`.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import date

from mailbridge.message.calendar_feed import BadFeed, feed_times


def main(arguments: list[str]) -> int:
    """Returns 0 also for an invalid feed: the document contains the error."""
    first, last, memory, seconds = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    try:
        found = feed_times(sys.stdin.buffer.read(), date.fromisoformat(first), date.fromisoformat(last))
    except BadFeed as error:
        json.dump({"error": str(error)}, sys.stdout)
        return 0
    except MemoryError:
        json.dump({"error": "reading it takes too much memory"}, sys.stdout)
        return 0
    json.dump(
        {
            "days": sorted(day.isoformat() for day in found.days),
            "spans": sorted([begins.isoformat(), ends.isoformat()] for begins, ends in found.spans),
            "floating": sorted([begins.isoformat(), ends.isoformat()] for begins, ends in found.floating),
            "events": found.events,
            "skipped": found.skipped,
        },
        sys.stdout,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
