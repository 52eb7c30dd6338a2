"""One request: the session, the reader, the rights, the page, and the problem page where something is wrong."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from mailbridge.errors import StoreAway
from mailbridge.execution.sign_in import send_sign_in
from mailbridge.ops import log as logs
from mailbridge.web import cookies, sessions
from mailbridge.web.answer import PageAnswer, redirect
from mailbridge.web.problems import PageProblem, ProblemKind
from mailbridge.web.rate_limits import CHANGES_OF_A_SESSION, PAGES_OF_A_NETWORK, network_of
from mailbridge.web.requests import preferred_language
from mailbridge.web.routes import Access, WebRoute
from mailbridge.web.visit import Asked, Site, Visit

log = logs.get("web")

_PLAIN = PageAnswer(
    status=503, body=b"The desk cannot read its database. Try again in a minute.\n", content_type="text/plain; charset=utf-8"
)


def serve(site: Site, route: WebRoute | None, asked: Asked, *, refused: PageProblem | None = None) -> PageAnswer:
    """The answer to the request.  `route` None: there is no such page.  `refused`: why the request is not looked at."""
    try:
        visit = _stranger(site, asked)
    except StoreAway:  # not even the rules could be loaded
        return _PLAIN
    try:
        visit = _with_reader(visit)
        return _answer(visit, route, refused)
    except PageProblem as problem:
        return visit.problem(problem)
    except StoreAway as error:
        log.warning("store_away", error=str(error))
        return _without_store(visit)
    except Exception:
        log.exception("page_failed", route=route.path if route else "")
        return visit.problem(PageProblem(ProblemKind.ERROR))


def _without_store(visit: Visit) -> PageAnswer:
    try:
        return visit.problem(PageProblem(ProblemKind.AWAY, headers={"Retry-After": "60"}))
    except StoreAway:
        return _PLAIN


def _stranger(site: Site, asked: Asked) -> Visit:
    desk = site.desk()
    language = preferred_language(asked.headers.get("accept-language", ""), site.pages.languages, desk.config.desk.language)
    return Visit(site=site, asked=asked, desk=desk, language=language, now=site.clock.now())


def _with_reader(visit: Visit) -> Visit:
    """The visit with its session, and with the customers and people of this moment."""
    with visit.site.store.read() as tx:
        desk = visit.desk.at(tx)
        session = sessions.find(tx, visit.site.settings, visit.cookie(cookies.SESSION), visit.now)
    agent = sessions.reader(session, desk)
    if session is None or agent is None:
        return replace(visit, desk=desk)
    return replace(visit, desk=desk, session=session, agent=agent, language=agent.language or visit.language)


def _answer(visit: Visit, route: WebRoute | None, refused: PageProblem | None) -> PageAnswer:
    _count(visit)
    if refused is not None:
        raise refused
    if route is None:
        raise PageProblem(ProblemKind.MISSING)
    method = "GET" if visit.asked.method == "HEAD" else visit.asked.method
    page = route.pages.get(method)
    if page is None:
        allowed = ["HEAD", *route.pages] if "GET" in route.pages else list(route.pages)
        raise PageProblem(ProblemKind.METHOD, headers={"Allow": ", ".join(allowed)})
    if route.access is Access.AGENT and visit.agent is None:
        return _to_sign_in(visit, method)
    if visit.session is not None:
        sessions.note(visit.site, visit.session, visit.now)
    return page(visit)


def _count(visit: Visit) -> None:
    """Raises PageProblem for more requests than a person makes."""
    limits = visit.site.limits
    wait = limits.wait(PAGES_OF_A_NETWORK, network_of(visit.asked.address))
    if not wait and visit.session is not None and visit.asked.method not in ("GET", "HEAD"):
        wait = limits.wait(CHANGES_OF_A_SESSION, str(visit.session.id))
    if wait:
        raise PageProblem(ProblemKind.TOO_MANY, {"minutes": -(-wait // 60)}, {"Retry-After": str(wait)})


def _to_sign_in(visit: Visit, method: str) -> PageAnswer:
    """Whoever reads signs in and comes back; what was written is shown, so that it is not lost."""
    if method != "GET":
        raise PageProblem(ProblemKind.SIGNED_OUT)
    return redirect("/sign-in" if visit.asked.path == "/" else f"/sign-in?next={quote(visit.asked.path)}")


def send_mail(site: Site, number: int) -> None:
    """Composes the mail of a sign-in request.  An error is logged: the person asks again."""
    try:
        with site.store.write() as tx:
            send_sign_in(tx, site.desk(), number, site.clock.now())
    except StoreAway as error:
        log.warning("sign_in_not_sent", error=str(error))
