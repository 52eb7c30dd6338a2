"""A test without its server is visible: skipped on a laptop, failed where all servers have to be there."""

from __future__ import annotations

import pytest

from tests.servers.postgres import missing


@pytest.mark.parametrize("variable", [("CI", "true"), ("MAILBRIDGE_REQUIRE_SERVERS", "1")])
def test_a_missing_server_fails_where_servers_are_required(monkeypatch: pytest.MonkeyPatch, variable: tuple[str, str]) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv(*variable)
    with pytest.raises(pytest.fail.Exception, match="apt-get install postgresql-15"):
        missing("postgresql-15")


def test_a_missing_server_skips_elsewhere_and_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("MAILBRIDGE_REQUIRE_SERVERS", raising=False)
    monkeypatch.delenv("TESTS_MAILBRIDGE_REQUIRE_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install postgresql-15"):
        missing("postgresql-15")
