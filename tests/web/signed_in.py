"""Agents sign in, as they do: by the link of their mail."""

from __future__ import annotations

import re

from starlette.types import ASGIApp

from tests.harness import TestDesk
from tests.web.browser import ORIGIN, Browser


def mail_to(desk: TestDesk, address: str) -> str:
    """The text of the last mail to the address."""
    mails = [mail for mail in desk.deliver() if address in str(mail["To"])]
    body = mails[-1].get_body(("plain",))  # type: ignore[attr-defined]
    text: str = body.get_content()
    return text


def link_in(text: str) -> str:
    """The path of the sign-in link."""
    found = re.search(rf"{ORIGIN}(/sign-in/\S+)", text)
    assert found, text
    return found[1]


def code_in(text: str) -> str:
    found = re.search(r"\b(\d{6})\b", text)
    assert found, text
    return found[1]


def sign_in(desk: TestDesk, pages: ASGIApp, address: str, *, user_agent: str = "") -> Browser:
    """A browser in which the agent with this address is signed in."""
    browser = Browser(app=pages, headers={"user-agent": user_agent} if user_agent else {})
    browser.post("/sign-in", address=address)
    link = link_in(mail_to(desk, address))
    done = browser.post(link, nonce=browser.get(link).value("nonce"))
    assert done.status == 303, done.words
    return browser
