"""The ASGI application: Starlette finds the route, a worker thread makes the answer, and one event is logged for each request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from mailbridge.message.profiles import networks
from mailbridge.ops import log as logs
from mailbridge.web import cookies
from mailbridge.web.answer import PageAnswer
from mailbridge.web.problems import PageProblem, ProblemKind
from mailbridge.web.protection import MOST_BODY, BodyTooBig, Headers, read_body
from mailbridge.web.requests import client_address, is_own_request
from mailbridge.web.routes import ROUTES, WebRoute
from mailbridge.web.serve import send_mail, serve
from mailbridge.web.visit import Asked, Site

log = logs.get("web")

_MOST_FIELDS = 1000
_FORM = "application/x-www-form-urlencoded"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
Endpoint = Callable[[Request], Awaitable[Response]]


def application(site: Site) -> ASGIApp:
    """The pages as one ASGI application."""
    routes = [Route(route.path, _endpoint(site, route), methods=_METHODS) for route in ROUTES]
    app = Starlette(routes=routes, exception_handlers={HTTPException: partial(_no_page, site)})
    app.router.redirect_slashes = False
    return Headers(app, is_secure=site.settings.is_secure)


def _endpoint(site: Site, route: WebRoute) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await _answered(site, route, request)

    return endpoint


async def _no_page(site: Site, request: Request, _error: Exception) -> Response:
    return await _answered(site, None, request)


async def _answered(site: Site, route: WebRoute | None, request: Request) -> Response:
    began = monotonic()
    asked, refused = await _asked(site, request)
    answer = await run_in_threadpool(serve, site, route, asked, refused=refused)
    taken = round((monotonic() - began) * 1000)
    # The path may be a token or a ticket, the address is a person's: neither is logged.
    log.info("page_served", method=asked.method, route=route.path if route else "", status=answer.status, ms=taken)
    return _response(site, answer)


async def _asked(site: Site, request: Request) -> tuple[Asked, PageProblem | None]:
    """The request, and why it is refused before any page sees it."""
    headers = _headers(request)
    peer = request.client.host if request.client else ""
    asked = Asked(
        method=request.method,
        path=request.url.path,
        address=client_address(peer, headers.get("x-forwarded-for", ""), networks(site.settings.trusted_proxies)),
        params=request.path_params,
        query=dict(request.query_params),
        headers=headers,
    )
    if request.method in ("GET", "HEAD"):
        return asked, None
    if not is_own_request(headers, site.settings.public_url):
        return asked, PageProblem(ProblemKind.FOREIGN)
    try:
        body = await read_body(request)
    except BodyTooBig:
        return asked, PageProblem(ProblemKind.TOO_BIG, {"kilobytes": MOST_BODY >> 10}, {"Connection": "close"})
    fields = _fields(headers.get("content-type", ""), body)
    if fields is None:
        return asked, PageProblem(ProblemKind.UNREADABLE)
    return _with_fields(asked, fields), None


def _with_fields(asked: Asked, fields: dict[str, str]) -> Asked:
    return Asked(
        method=asked.method,
        path=asked.path,
        address=asked.address,
        params=asked.params,
        query=asked.query,
        fields=fields,
        headers=asked.headers,
    )


def _fields(content_type: str, body: bytes) -> dict[str, str] | None:
    """The fields of a form, of two with one name the last one; None for what is no form."""
    if not body:
        return {}
    if content_type.partition(";")[0].strip().lower() != _FORM:
        return None
    try:
        written = body.decode("ascii")
        return dict(parse_qsl(written, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_FIELDS))
    except ValueError:
        return None


def _headers(request: Request) -> dict[str, str]:
    """The headers by their names in lower case; several lines of one name are one (RFC 9110, 5.2)."""
    found = dict[str, str]()
    for name, value in request.headers.items():
        found[name] = f"{found[name]}{'; ' if name == 'cookie' else ', '}{value}" if name in found else value
    return found


def _response(site: Site, answer: PageAnswer) -> Response:
    after = BackgroundTask(send_mail, site, answer.after) if answer.after is not None else None
    response = Response(answer.body, answer.status, dict(answer.headers), answer.content_type, after)
    for cookie in answer.cookies:
        response.headers.append("Set-Cookie", cookies.header(cookie, secure=site.settings.is_secure))
    return response
