"""What a page gets: the request and the reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailbridge.clock import Clock
from mailbridge.config.model import WebSettings
from mailbridge.execution.desk import Desk
from mailbridge.organisation.model import Agent
from mailbridge.store.engine import Store
from mailbridge.store.web_sessions import WebSession
from mailbridge.web import cookies
from mailbridge.web.answer import PageAnswer
from mailbridge.web.pages import Pages
from mailbridge.web.problems import STATUS, PageProblem
from mailbridge.web.rate_limits import RateLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What all requests share.  `desk`: the desk with the customers of the files alone."""

    store: Store
    desk: Callable[[], Desk]
    clock: Clock
    settings: WebSettings
    pages: Pages
    limits: RateLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request.  Names of headers are in lower case, `fields` are those of the form, `address` is that of the browser."""

    method: str
    path: str
    address: str
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request with its reader; `session` and `agent` are None for nobody.  `desk` has the customers of this moment."""

    site: Site
    asked: Asked
    desk: Desk
    language: str
    now: datetime
    session: WebSession | None = None
    agent: Agent | None = None

    @property
    def me(self) -> Agent:
        """The agent who reads a page that is for agents."""
        if self.agent is None:
            raise LookupError("the route of this page is open to nobody in particular")
        return self.agent

    def cookie(self, short: str) -> str:
        return cookies.value(cookies.parsed(self.asked.headers.get("cookie", "")), short, secure=self.site.settings.is_secure)

    def page(self, template: str, status: int = 200, **values: object) -> PageAnswer:
        """The page of this template, in the reader's language and zone."""
        body = self.site.pages.html(
            template,
            self.language,
            {"desk_name": self.desk.config.desk.name, "agent": self.agent, "path": self.asked.path, **values},
            now=self.now,
            desk=self.desk,
            reader=self.agent.name if self.agent else "",
        )
        return PageAnswer(status=status, body=body)

    def problem(self, problem: PageProblem) -> PageAnswer:
        """The page that says what went wrong, where, and what to do."""
        values = {"kind": problem.kind, "public_url": self.site.settings.public_url, "kept": self.asked.fields.get("text", "")}
        answer = self.page("problem.html.j2", STATUS[problem.kind], **{**values, **problem.values})
        return PageAnswer(status=answer.status, body=answer.body, headers=problem.headers)
