"""All pages, each with who may open it.  tests/web/test_matrix.py asks every route in every role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailbridge.web import files, inbox, sessions, sign_in, ticket
from mailbridge.web.answer import PageAnswer
from mailbridge.web.visit import Visit

Page = Callable[[Visit], PageAnswer]


class Access(StrEnum):
    """Who may open a page.  What a page shows of a ticket is decided in the page, by the rights of mails."""

    ANYBODY = "anybody"
    AGENT = "agent"  # who is signed in


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRoute:
    """A path (words in braces are parameters) with the page of each method.  `is_personal`: no cache may keep an answer."""

    path: str
    access: Access
    pages: Mapping[str, Page]
    is_personal: bool = True


ROUTES = (
    WebRoute(path="/static/{hash}/{name}", access=Access.ANYBODY, pages={"GET": files.show}, is_personal=False),
    WebRoute(path="/sign-in", access=Access.ANYBODY, pages={"GET": sign_in.show_form, "POST": sign_in.ask}),
    WebRoute(path="/sign-in/code", access=Access.ANYBODY, pages={"GET": sign_in.show_code, "POST": sign_in.take_code}),
    WebRoute(path="/sign-in/{token}", access=Access.ANYBODY, pages={"GET": sign_in.show_link, "POST": sign_in.take_link}),
    WebRoute(path="/sign-out", access=Access.ANYBODY, pages={"POST": sessions.sign_out}),
    WebRoute(path="/", access=Access.AGENT, pages={"GET": inbox.show}),
    WebRoute(path="/t/{ticket}", access=Access.AGENT, pages={"GET": ticket.show, "POST": ticket.act}),
    WebRoute(path="/t/{ticket}/files/{file}", access=Access.AGENT, pages={"GET": ticket.show_file}),
    WebRoute(path="/t/{ticket}/mails/{mail}", access=Access.AGENT, pages={"GET": ticket.show_raw}),
    WebRoute(path="/sessions", access=Access.AGENT, pages={"GET": sessions.show}),
    WebRoute(path="/sessions/end-others", access=Access.AGENT, pages={"POST": sessions.end_others}),
    WebRoute(path="/sessions/{number}/end", access=Access.AGENT, pages={"POST": sessions.end_one}),
)
