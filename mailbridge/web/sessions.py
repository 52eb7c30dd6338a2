"""Sessions: how one starts, whether it goes on, and the page that lists and ends them."""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import token_urlsafe

from mailbridge.config.model import WebSettings
from mailbridge.execution.desk import Desk
from mailbridge.organisation.model import Agent
from mailbridge.store.tx import Tx
from mailbridge.store.web_sessions import WebSession
from mailbridge.web import cookies
from mailbridge.web.answer import Cookie, PageAnswer, redirect
from mailbridge.web.problems import PageProblem, ProblemKind
from mailbridge.web.requests import browser_name
from mailbridge.web.visit import Site, Visit

_WRITTEN_EVERY = timedelta(minutes=1)  # how exact `seen_at` is: not every page writes into the database


def start(tx: Tx, visit: Visit, person: str) -> Cookie:
    """A new session of the person; its cookie."""
    settings, secret = visit.site.settings, token_urlsafe(32)
    tx.web_sessions.forget(visit.now - settings.session_longest - settings.session_idle)
    tx.web_sessions.start(cookies.hashed(secret), person, browser_name(visit.asked.headers.get("user-agent", "")), visit.now)
    return Cookie(name=cookies.SESSION, value=secret, seconds=int(settings.session_longest.total_seconds()))


def find(tx: Tx, settings: WebSettings, secret: str, now: datetime) -> WebSession | None:
    """The session of the cookie, if neither of its limits has passed."""
    session = tx.web_sessions.by_secret(cookies.hashed(secret)) if secret else None
    return session if session is not None and _goes_on(session, settings, now) else None


def _goes_on(session: WebSession, settings: WebSettings, now: datetime) -> bool:
    return now < session.created_at + settings.session_longest and now < session.seen_at + settings.session_idle


def reader(session: WebSession | None, desk: Desk) -> Agent | None:
    """The agent whose session it is; None where the agent has left."""
    agent = desk.organisation.agents.get(session.person) if session else None
    return agent if agent is not None and agent.active else None


def note(site: Site, session: WebSession, now: datetime) -> None:
    """The session was used now."""
    if now - session.seen_at >= _WRITTEN_EVERY:
        with site.store.write() as tx:
            tx.web_sessions.seen(session.id, now)


def show(visit: Visit) -> PageAnswer:
    """The reader's sessions."""
    with visit.site.store.read() as tx:
        rows = [row for row in tx.web_sessions.of(visit.me.name) if _goes_on(row, visit.site.settings, visit.now)]
    return visit.page("sessions.html.j2", rows=rows, current=visit.session.id if visit.session else 0)


def end_one(visit: Visit) -> PageAnswer:
    """Ends one session of the reader, also the one of this browser."""
    number = visit.asked.params["number"]
    with visit.site.store.write() as tx:
        if not number.isdecimal() or not tx.web_sessions.end(visit.me.name, int(number[:18]), visit.now):
            raise PageProblem(ProblemKind.MISSING)
    return redirect("/sessions")


def end_others(visit: Visit) -> PageAnswer:
    """Ends all sessions of the reader but this one."""
    with visit.site.store.write() as tx:
        tx.web_sessions.end_all(visit.me.name, visit.now, but=visit.session.id if visit.session else 0)
    return redirect("/sessions")


def sign_out(visit: Visit) -> PageAnswer:
    """Ends this session."""
    if visit.session is not None:
        with visit.site.store.write() as tx:
            tx.web_sessions.end(visit.session.person, visit.session.id, visit.now)
    return redirect("/sign-in", Cookie(name=cookies.SESSION, value=""))
