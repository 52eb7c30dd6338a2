"""The style sheet and the pictures that come along."""

from __future__ import annotations

from mailbridge.web.answer import PageAnswer
from mailbridge.web.problems import PageProblem, ProblemKind
from mailbridge.web.visit import Visit


def show(visit: Visit) -> PageAnswer:
    """A file by its address; browsers keep it for a year, because another content has another address."""
    name = visit.asked.params["name"]
    found = visit.site.pages.file(name)
    if found is None or visit.asked.path != visit.site.pages.address(name):
        raise PageProblem(ProblemKind.MISSING)
    return PageAnswer(body=found[0], content_type=found[1], headers={"Cache-Control": "public, max-age=31536000, immutable"})
