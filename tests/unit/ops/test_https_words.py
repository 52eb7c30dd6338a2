"""A request that fails says in words which server did what, never in the words of Python."""

from __future__ import annotations

import socket
import ssl
from http.client import BadStatusLine, HTTPException
from urllib.parse import urlsplit

import pytest
from urllib3.exceptions import NameResolutionError, NewConnectionError, ProtocolError

from mailbridge.ops.https import in_words

HERE = urlsplit("https://calendar.acme.example/closed.ics")


def after(outer: Exception, cause: Exception) -> Exception:
    outer.__cause__ = cause
    return outer


def untrusted() -> ssl.SSLError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            after(NameResolutionError("calendar.acme.example", None, socket.gaierror(-2, "x")), socket.gaierror(-2, "Name unknown")),  # type: ignore[arg-type]
            "the DNS does not know the name calendar.acme.example, or no name server answers",
        ),
        (
            after(NewConnectionError(None, "failed"), ConnectionRefusedError(111, "Connection refused")),  # type: ignore[arg-type]
            "nothing listens at calendar.acme.example:443: the connection was refused",
        ),
        (TimeoutError("timed out"), "calendar.acme.example:443 does not answer in time"),
        (untrusted(), "the certificate of calendar.acme.example is not trusted: self-signed certificate"),
        (
            after(ProtocolError("x"), ConnectionResetError(104, "x")),
            "calendar.acme.example:443 closed the connection before the end of the answer",
        ),
        (BadStatusLine("SSH-2.0"), "calendar.acme.example:443 did not answer in HTTP"),
        (OSError(101, "Network is unreachable"), "no connection to calendar.acme.example:443: network is unreachable"),
        (ValueError("my words"), "no whole answer of calendar.acme.example:443 (ValueError)"),
    ],
)
def test_the_words(error: Exception, words: str) -> None:
    assert in_words(error, HERE) == words
    assert in_words(after(HTTPException("outer"), error), HERE) == words


def test_an_error_behind_itself_ends() -> None:
    one, other = OSError(), OSError(5, "Input/output error")
    one.__cause__, other.__cause__ = other, one
    assert in_words(one, HERE)
