"""A listener that strangers reach and that would believe them does not start, whoever opened its socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from mailbridge.config.model import ListenerSettings, Trust
from mailbridge.errors import Permanent
from mailbridge.intake.inbox import Inbox
from mailbridge.intake.listener import Listeners
from mailbridge.message.profiles import Profile
from mailbridge.store.engine import Store


@pytest.fixture
def inbox(sqlite_store_url: str) -> Iterator[Inbox]:
    store = Store(sqlite_store_url)
    inbox = Inbox(store)
    yield inbox
    inbox.close()
    store.close()


def start(listener: ListenerSettings, inbox: Inbox, *, desk_ids: bool = False) -> None:
    listeners = Listeners([listener], inbox, lambda _address: True, desk_ids=desk_ids)
    listeners.start()
    listeners.stop()


OPEN = ListenerSettings(protocol="smtp", host="0.0.0.0", port=0)
BELIEVING = Trust(profile=Profile.GOOGLE)


@pytest.mark.parametrize(
    ("listener", "desk_ids"),
    [
        (OPEN, True),
        (ListenerSettings(protocol="smtp", host="0.0.0.0", port=0, trust=BELIEVING), False),
        (ListenerSettings(protocol="smtp", host="::", port=0, trust=Trust(authserv_ids=("mx.test",))), False),
    ],
)
def test_it_is_refused(inbox: Inbox, listener: ListenerSettings, desk_ids: bool) -> None:
    with pytest.raises(Permanent, match=r"can be reached from outside .* trusted_peers"):
        start(listener, inbox, desk_ids=desk_ids)


@pytest.mark.parametrize(
    ("listener", "desk_ids"),
    [
        (OPEN, False),
        (ListenerSettings(protocol="smtp", host="0.0.0.0", port=0, trusted_peers=("10.0.0.2",)), True),
        (ListenerSettings(protocol="smtp", port=0), True),
    ],
)
def test_it_starts_where_it_believes_nobody_or_names_whom(inbox: Inbox, listener: ListenerSettings, desk_ids: bool) -> None:
    start(listener, inbox, desk_ids=desk_ids)


@pytest.mark.parametrize(("address", "refused"), [("0.0.0.0", True), ("127.0.0.1", False)])
def test_a_socket_of_systemd_is_judged_by_its_address(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, address: str, refused: bool
) -> None:
    with socket.socket() as given:
        given.bind((address, 0))
        given.listen()
        monkeypatch.setattr("mailbridge.ops.sockets.FIRST", given.fileno())
        for name, value in {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "mail"}.items():
            monkeypatch.setenv(name, value)
        if refused:
            with pytest.raises(Permanent, match="can be reached from outside"):
                start(ListenerSettings(protocol="lmtp", socket="mail"), inbox, desk_ids=True)
        else:
            start(ListenerSettings(protocol="lmtp", socket="mail"), inbox, desk_ids=True)
        with pytest.raises(Permanent, match='no socket named "other"'):
            start(ListenerSettings(protocol="lmtp", socket="other"), inbox)
