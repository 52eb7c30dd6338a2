"""A private pgbouncer in front of the session's PostgreSQL, with transaction pooling: each transaction gets some server connection."""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.postgres import Postgres
from tests.servers.processes import as_nobody, end, free_ports, program, wait_until

_SETTINGS = """\
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
server_round_robin = 1
"""


@contextmanager
def pgbouncer(postgres: Postgres) -> Iterator[int]:
    """The port of a pooler with few server connections, taken in turn."""
    path = program("pgbouncer", "pgbouncer")
    [port] = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="mb-pgb-") as name:
        folder = Path(name)
        (folder / "pgbouncer.ini").write_text(_SETTINGS.format(server=postgres.port, port=port, folder=folder))
        (folder / "users").write_text('"postgres" ""\n')
        command = as_nobody([path, str(folder / "pgbouncer.ini")], folder)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log)
        try:
            wait_until(lambda: _listens(port), "pgbouncer answers")
            yield port
        finally:
            end(process, signal.SIGINT)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
