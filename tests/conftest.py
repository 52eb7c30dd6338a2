"""Real servers for all tests, each started by the first test that asks for it."""

from __future__ import annotations

pytest_plugins = ["tests.servers.postgres", "tests.servers.stores", "tests.servers.dovecot", "tests.servers.postfix"]
