"""The result of a spam filter or virus scanner (RFC 5235): of our own where one is configured, else from the header of one in front of the
desk.

The first field of a name counts, because filters add theirs on top.  The mail server must remove foreign fields, else a sender can forge
them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mailbridge.rules.facts import Facts

Headers = Mapping[str, Sequence[str]]

_NUMBER = r"[-+]?\d{1,6}(?:\.\d{1,6})?"
_SPAMD_RESULT = re.compile(rf"\[({_NUMBER}) / ({_NUMBER})\]")
_SPAM_STATUS = re.compile(rf"(?:score|hits)=({_NUMBER})(?:[^=]{{0,20}}required=({_NUMBER}))?")
_ALONE = re.compile(rf"\s*({_NUMBER})")
REQUIRED = 5.0  # the default threshold


def spam_score(facts: Facts, headers: Headers) -> float | None:
    """The filter's score; None where there was no filter."""
    found = _spam(facts, headers)
    return found[0] if found else None


def spamtest(facts: Facts, headers: Headers) -> int:
    """RFC 5235 2.2: 0 not tested, 1 surely no spam ... 10 surely spam; 6 is where the filter's own line is."""
    found = _spam(facts, headers)
    if found is None:
        return 0
    score, required = found
    return max(1, min(10, 1 + round(5 * score / required))) if required > 0 else 1


def percent(facts: Facts, headers: Headers) -> int:
    """RFC 5235 2.2, :percent: 0 surely no spam (or not tested) ... 100 surely spam; 50 is where the filter's own line is."""
    found = _spam(facts, headers)
    if found is None or found[1] <= 0:
        return 0
    return max(0, min(100, round(50 * found[0] / found[1])))


def virustest(facts: Facts, headers: Headers) -> int:
    """RFC 5235 3.2: 0 not tested, 1 no known virus, 4 suspicious, 5 a virus."""
    if facts.virus is not None:
        suspicious = facts.virus.startswith("Heuristics.")  # clamd's prefix for heuristic findings
        return (4 if suspicious else 5) if facts.virus else 1
    if "virus" in facts.unscanned:
        return 0
    said = " ".join(_first(headers, name) for name in ("x-virus-status", "x-virus-found", "x-amavis-alert", "x-av-status")).lower()
    if "suspicious" in said or "heuristic" in said:
        return 4
    if "infected" in said or "virus" in said or said.strip() == "yes":
        return 5
    return 1 if said.strip() or "x-virus-scanned" in headers else 0


def _spam(facts: Facts, headers: Headers) -> tuple[float, float] | None:
    """As `_score`, of our own filter first.  Where that did not answer, no header is used: anybody can write one."""
    return None if "spam" in facts.unscanned else facts.spam or _score(headers)


def _score(headers: Headers) -> tuple[float, float] | None:
    """Score and threshold."""
    if found := _SPAMD_RESULT.search(_first(headers, "x-spamd-result")):
        return float(found[1]), float(found[2])
    if found := _SPAM_STATUS.search(_first(headers, "x-spam-status")):
        return float(found[1]), float(found[2] or REQUIRED)
    for name in ("x-spam-score", "x-rspamd-score"):
        if found := _ALONE.match(_first(headers, name)):
            return float(found[1]), REQUIRED
    stars = _first(headers, "x-spam-level")
    return (float(min(stars.count("*"), 100)), REQUIRED) if stars else None


def _first(headers: Headers, name: str) -> str:
    return headers[name][0][:2_000] if headers.get(name) else ""
