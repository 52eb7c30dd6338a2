"""Private parts of other packages that mailbridge uses, because there is no public way or none that is fast enough.

Each has an entry that says what, where and why, and a check that fails by that name where an upgrade changes it.  `pyproject.toml` keeps
each of these packages below a version that nobody has looked at.
"""

from __future__ import annotations

import ast
import asyncio
import imaplib
import inspect
import re
import smtplib
import ssl
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imapclient
import pytest
import re2
import sqlalchemy as sa
from aiosmtpd.smtp import SMTP
from sqlalchemy.dialects import sqlite
from urllib3.connection import HTTPConnection, HTTPSConnection

from tests.sources import nodes

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = {"_replace", "_asdict", "_make", "_fields", "_exit"}  # of named tuples and rows, and os._exit: documented


@dataclass(frozen=True, slots=True)
class Private:
    """`name` as the source has it; `file` below mailbridge; `holds`: whether the package still has it as it is used."""

    package: str  # '' for the standard library
    name: str
    file: str
    why: str
    holds: Callable[[], bool]


def takes(function: Any, *names: str) -> bool:
    """Whether the function has parameters of these names, in this order and at the beginning."""
    return [*inspect.signature(function).parameters][: len(names)] == list(names)


def says(function: Any, *words: str) -> bool:
    """Whether these words stand in the source of the function: it sets what mailbridge reads, or reads what mailbridge sets."""
    source = inspect.getsource(function)
    return all(word in source for word in words)


def a_regexp_matches() -> bool:
    compiled = re2.compile(b"a(b)", re2.Options())
    return list(compiled._regexp.Match(re2._Anchor.UNANCHORED, b"xaby", 0, 4)) == [(1, 3), (2, 3)]


def a_regexp_is_made() -> bool:
    made = re2._Regexp("a(?P<n>b)", re2.Options())
    return (made.groups, made.groupindex, made.programsize > 0) == (1, {"n": 1}, True)


def anchors_are_there() -> bool:
    return bool(re2._Regexp("b", re2.Options())._regexp.Match(re2._Anchor.ANCHOR_START, b"ab", 1, 2)[0] == (1, 2))


def compiled_columns_have_types() -> bool:
    compiled: Any = sa.select(sa.column("a", sa.Integer), sa.column("b", sa.Text)).compile(dialect=sqlite.dialect())
    return [type(column.type) for column in compiled._result_columns] == [sa.Integer, sa.Text]


IMAP, IMAP_CLIENT, IMAP_IDLE = "intake/imap_connection.py", "intake/imap_client.py", "intake/imap_idle.py"
IMAP_LOGIN, SMTP_SESSION = "intake/imap_login.py", "intake/session.py"
CLIENT = imapclient.IMAPClient
USES: tuple[Private, ...] = (
    Private(
        "sqlalchemy",
        "_result_columns",
        "store/compiled_sql.py",
        "the types of the columns that a prepared statement gives back",
        compiled_columns_have_types,
    ),
    Private(
        "google-re2",
        "_Regexp",
        "rules/patterns.py",
        "a pattern without the cache of re2.compile, in which thousands of rules evict each other",
        a_regexp_is_made,
    ),
    Private(
        "google-re2",
        "_regexp",
        "rules/patterns.py",
        "searching bytes without the decoding and the objects of re2's own search",
        a_regexp_matches,
    ),
    Private("google-re2", "_Anchor", "rules/patterns.py", "a match at a known place costs its own length", anchors_are_there),
    Private(
        "imapclient",
        "_imap",
        IMAP,
        "the imaplib connection below: answers by UID, the limit on literals, what is buffered",
        lambda: says(CLIENT.__init__, "self._imap = "),
    ),
    Private(
        "imapclient",
        "_raw_command_untagged",
        IMAP,
        "SEARCH with ESEARCH answers, which imapclient's search does not know",
        lambda: takes(CLIENT._raw_command_untagged, "self", "command", "args"),
    ),
    Private(
        "imapclient",
        "_checkok",
        IMAP,
        "the error that imapclient raises where a FETCH is refused",
        lambda: takes(CLIENT._checkok, "self", "command", "typ", "data"),
    ),
    Private(
        "imapclient",
        "_idle_tag",
        IMAP_IDLE,
        "idle_done() ends the IDLE that was begun here with news taken along",
        lambda: says(CLIENT.idle_done, "self._idle_tag"),
    ),
    Private(
        "imapclient",
        "_cached_capabilities",
        IMAP_LOGIN,
        "capabilities are others after the login",
        lambda: says(CLIENT.capabilities, "self._cached_capabilities"),
    ),
    Private(
        "imapclient",
        "_imap",
        IMAP_CLIENT,
        "the limit on literals, and no log of them",
        lambda: says(CLIENT.__init__, "self._imap.debug = 5"),
    ),
    Private(
        "imapclient", "_set_read_timeout", IMAP_CLIENT, "the read timeout after STARTTLS", lambda: takes(CLIENT._set_read_timeout, "self")
    ),
    Private("", "_command", IMAP, "imaplib: a FETCH of which every answer is seen", lambda: takes(imaplib.IMAP4._command, "self", "name")),
    Private("", "_command", IMAP_IDLE, "imaplib: IDLE with the answers before it", lambda: takes(imaplib.IMAP4._command, "self", "name")),
    Private("imapclient", "_imap", IMAP_IDLE, "the imaplib connection below", lambda: says(CLIENT.__init__, "self._imap = ")),
    Private(
        "",
        "_command_complete",
        IMAP,
        "imaplib: the end of that command",
        lambda: takes(imaplib.IMAP4._command_complete, "self", "name", "tag"),
    ),
    Private(
        "",
        "_untagged_response",
        IMAP,
        "imaplib: the answers of that command",
        lambda: takes(imaplib.IMAP4._untagged_response, "self", "typ", "dat", "name"),
    ),
    Private("", "_get_response", IMAP_IDLE, "imaplib: the answer to IDLE by line", lambda: takes(imaplib.IMAP4._get_response, "self")),
    Private(
        "",
        "_readbuf",
        IMAP_IDLE,
        "imaplib of Python 3.14: what was read already; earlier versions have `file`",
        lambda: says(imaplib.IMAP4.open, "self._readbuf") or says(imaplib.IMAP4.open, "makefile"),
    ),
    Private(
        "",
        "_buffer",
        SMTP_SESSION,
        "asyncio: whether the next command is here already, so that answers go out together",
        lambda: says(asyncio.StreamReader.read, "self._buffer"),
    ),
    Private(
        "",
        "_host",
        "delivery/session.py",
        "smtplib: starttls() checks the certificate against it on a socket that was opened elsewhere",
        lambda: says(smtplib.SMTP.starttls, "self._host"),
    ),
    Private(
        "",
        "_test_decode_cert",
        "doctor/machine.py",
        "ssl: the end of a certificate that is no authority's",
        lambda: callable(ssl._ssl._test_decode_cert),
    ),  # type: ignore[attr-defined]
    Private("", "_ssl", "doctor/machine.py", "ssl: the module that has it", lambda: hasattr(ssl, "_ssl")),
    Private(
        "aiosmtpd", "_tls_protocol", SMTP_SESSION, "whether the session is encrypted", lambda: says(SMTP.__init__, "self._tls_protocol")
    ),
    Private(
        "aiosmtpd",
        "_set_post_data_state",
        SMTP_SESSION,
        "the end of a DATA that was read by mailbridge's own reader",
        lambda: takes(SMTP._set_post_data_state, "self"),
    ),
    Private(
        "aiosmtpd",
        "_handle_client",
        SMTP_SESSION,
        "the loop of a session, whose errors are logged and counted",
        lambda: inspect.iscoroutinefunction(SMTP._handle_client),
    ),
    Private(
        "aiosmtpd",
        "_reset_timeout",
        SMTP_SESSION,
        "overridden: time limits of a whole mail",
        lambda: takes(SMTP._reset_timeout, "self", "duration"),
    ),
    Private("aiosmtpd", "_timeout_cb", SMTP_SESSION, "overridden: says 421 before it closes", lambda: takes(SMTP._timeout_cb, "self")),
    Private(
        "aiosmtpd",
        "_getaddr",
        SMTP_SESSION,
        "overridden: addresses as RFC 5321 and 6531 have them",
        lambda: takes(SMTP._getaddr, "self", "arg"),
    ),
)

OVERRIDDEN: tuple[Private, ...] = (
    Private(
        "imapclient",
        "_create_IMAP4",
        IMAP_CLIENT,
        "the connection is one that can be cut while it is opened",
        lambda: says(CLIENT.__init__, "self._imap = self._create_IMAP4()"),
    ),
    Private(
        "",
        "_create_socket",
        IMAP_CLIENT,
        "imaplib: the socket below that connection",
        lambda: says(imaplib.IMAP4.open, "self.sock = self._create_socket(timeout)"),
    ),
    Private(
        "urllib3",
        "_new_conn",
        "ops/https.py",
        "the same of an HTTP connection",
        lambda: says(HTTPConnection.connect, "self._new_conn()") and says(HTTPSConnection.connect, "self._new_conn()"),
    ),
)


@pytest.mark.parametrize("use", USES + OVERRIDDEN, ids=lambda use: f"{use.package or 'python'}: {use.name} in {use.file}")
def test_what_is_private_is_still_as_it_is_used(use: Private) -> None:
    assert use.holds(), f"{use.package or 'Python'} changed {use.name}, which mailbridge/{use.file} uses for: {use.why}"


def test_every_use_is_in_the_table() -> None:
    found = {(file, name) for file, name in private_uses()}

    assert found == {(use.file, use.name) for use in USES}
    for use in OVERRIDDEN:
        assert f"def {use.name}(" in (ROOT / "mailbridge" / use.file).read_text(encoding="utf-8")


def test_packages_with_private_parts_in_use_have_an_upper_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounded = {re.split(r"[<>=\[]", one)[0] for one in project["dependencies"] if "<" in one or "==" in one}

    assert {use.package for use in USES + OVERRIDDEN if use.package} <= bounded


def test_the_check_can_fail() -> None:
    assert not takes(SMTP._getaddr, "self", "address")
    assert not says(smtplib.SMTP.starttls, "self._name_of_the_host")


# -- finding them --------------------------------------------------------------------------------------------------


def private_uses() -> Iterator[tuple[str, str]]:
    """Attributes with an underscore of what is not mailbridge's own, by file; methods that override such a one count as well."""
    files = sorted((ROOT / "mailbridge").rglob("*.py"))
    own = {name for file in files for name in defined(file)}
    for file in files:
        where = str(file.relative_to(ROOT / "mailbridge"))
        yield from ((where, name) for name in overridden(where))
        for node in nodes(file):
            if isinstance(node, ast.Attribute) and re.match(r"_[A-Za-z]", node.attr) and node.attr not in PUBLIC:
                if ast.unparse(node.value) in {"self", "cls", "daemon"} and node.attr in own:
                    continue
                if ast.unparse(node.value) == "super()" and node.attr in own and node.attr not in dir(SMTP):
                    continue
                yield where, node.attr
            if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("mailbridge") and node.module != "__future__":
                names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
                yield from ((where, name) for name in names if re.match(r"_[A-Za-z]", name))


def defined(file: Path) -> Iterator[str]:
    """Names that mailbridge itself gives: methods, slots, fields and what is assigned to self."""
    for node in nodes(file):
        match node:
            case (
                ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store())
            ):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


def overridden(file: str) -> Iterator[str]:
    """Private methods of a foreign class that a class of the module replaces."""
    if file != SMTP_SESSION:
        return
    from mailbridge.intake.session import SmtpSession

    yield from (name for name in vars(SmtpSession) if name in dir(SMTP) and re.match(r"_[a-z]", name))
