"""Sign-in by a mail link or its code.

GET and HEAD consume nothing and start no session: programs that check mails follow links, run scripts and keep no cookies.  The page of a
link has one button, whose POST carries the nonce that the page set as a cookie.
"""

from __future__ import annotations

from secrets import compare_digest, token_urlsafe

from mailbridge.execution.sign_in import VALID_FOR, consume_code, consume_link, open_request, request_sign_in
from mailbridge.store.sign_ins import SignIn
from mailbridge.web import cookies
from mailbridge.web.answer import Cookie, PageAnswer, redirect
from mailbridge.web.problems import PageProblem, ProblemKind
from mailbridge.web.rate_limits import SIGN_INS_OF_A_NETWORK, SIGN_INS_OF_AN_ADDRESS, network_of
from mailbridge.web.requests import local_path, masked
from mailbridge.web.sessions import start
from mailbridge.web.visit import Visit

_MOST_ADDRESS = 320
_MINUTES = int(VALID_FOR.total_seconds()) // 60


def show_form(visit: Visit) -> PageAnswer:
    """The form that asks for a mail; who is signed in goes on at once."""
    back_to = local_path(visit.asked.query.get("next", "/"))
    if visit.agent is not None:
        return redirect(back_to)
    return visit.page("sign_in.html.j2", back_to=back_to)


def ask(visit: Visit) -> PageAnswer:
    """Takes a request for a mail.  The answer is the same for an address of nobody; the mail is composed after the answer has left."""
    fields = visit.asked.fields
    address = fields.get("address", "").strip()
    back_to = local_path(fields.get("back_to", "/"))
    if not 3 <= len(address) <= _MOST_ADDRESS or "@" not in address.strip("@"):
        return visit.page("sign_in.html.j2", 400, back_to=back_to, mistake=True, typed=address[:_MOST_ADDRESS])
    _count(visit, address)
    browser = token_urlsafe(24)
    with visit.site.store.write() as tx:
        found = request_sign_in(tx, visit.desk, address, visit.now, browser=cookies.hashed(browser), back_to=back_to)
    asked = Cookie(name=cookies.REQUEST, value=f"{found.id}.{browser}", seconds=_MINUTES * 60)
    answer = redirect("/sign-in/code", asked)
    return PageAnswer(status=answer.status, headers=answer.headers, cookies=answer.cookies, after=found.id)


def _count(visit: Visit, address: str) -> None:
    """Raises PageProblem where too many mails are asked for, from this network or to this address."""
    limits, network = visit.site.limits, network_of(visit.asked.address)
    wait = limits.wait(SIGN_INS_OF_A_NETWORK, network) or limits.wait(SIGN_INS_OF_AN_ADDRESS, address.lower())
    if wait:
        raise PageProblem(ProblemKind.TOO_MANY, {"minutes": -(-wait // 60)}, {"Retry-After": str(wait)})


def show_code(visit: Visit) -> PageAnswer:
    """The page after the request: look into your mail, or type its code here."""
    return visit.page("sign_in_code.html.j2", minutes=_MINUTES)


def take_code(visit: Visit) -> PageAnswer:
    """Signs in with the code of the mail, in the browser that asked for it."""
    _count_try(visit)
    number, _, browser = visit.cookie(cookies.REQUEST).partition(".")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise PageProblem(ProblemKind.NO_COOKIE)
    with visit.site.store.write() as tx:
        found = consume_code(tx, visit.desk, int(number), cookies.hashed(browser), visit.asked.fields.get("code", "")[:40], visit.now)
        if found is not None:
            return _signed_in(visit, found, start(tx, visit, found.person))
    raise PageProblem(ProblemKind.WRONG_CODE)


def _count_try(visit: Visit) -> None:
    if wait := visit.site.limits.wait(SIGN_INS_OF_A_NETWORK, f"code {network_of(visit.asked.address)}"):
        raise PageProblem(ProblemKind.TOO_MANY, {"minutes": -(-wait // 60)}, {"Retry-After": str(wait)})


def show_link(visit: Visit) -> PageAnswer:
    """The page of a link: the masked address and one button.  410 where the link can no longer be consumed."""
    with visit.site.store.read() as tx:
        found = open_request(tx, visit.desk, visit.asked.params["token"], visit.now)
    if found is None:
        raise PageProblem(ProblemKind.ENDED)
    nonce = visit.cookie(cookies.NONCE) or token_urlsafe(18)
    answer = visit.page("sign_in_link.html.j2", masked=masked(found.address), nonce=nonce)
    return PageAnswer(body=answer.body, cookies=(Cookie(name=cookies.NONCE, value=nonce, seconds=_MINUTES * 60),))


def take_link(visit: Visit) -> PageAnswer:
    """The button: consumes the link once and starts a session."""
    nonce, sent = visit.cookie(cookies.NONCE), visit.asked.fields.get("nonce", "")
    if not nonce or not compare_digest(nonce.encode("utf-8", "replace"), sent.encode("utf-8", "replace")):
        raise PageProblem(ProblemKind.NO_COOKIE)
    with visit.site.store.write() as tx:
        found = consume_link(tx, visit.desk, visit.asked.params["token"], visit.now)
        if found is None:
            raise PageProblem(ProblemKind.ENDED)
        return _signed_in(visit, found, start(tx, visit, found.person))


def _signed_in(visit: Visit, found: SignIn, session: Cookie) -> PageAnswer:
    gone = tuple(Cookie(name=name, value="") for name in (cookies.NONCE, cookies.REQUEST))
    return redirect(local_path(found.back_to), session, *gone)
