"""The address of a chat room may come from a file or from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbridge.delivery.webhooks.address import NoAddress, address_of

SECRET = "https://hooks.slack.com/services/T000/B000/xxxx"


def test_an_address_is_taken_from_a_file_or_a_variable(tmp_path: Path) -> None:
    (tmp_path / "slack.url").write_text(f"{SECRET}\n", encoding="utf-8")
    assert address_of("file:slack.url", tmp_path, {}) == SECRET
    assert address_of(f"file:{tmp_path / 'slack.url'}", Path("/nowhere"), {}) == SECRET
    assert address_of("env:SLACK_URL", tmp_path, {"SLACK_URL": SECRET}) == SECRET
    assert address_of(SECRET, tmp_path, {}) == SECRET


@pytest.mark.parametrize("url", ["file:missing.url", "file:words.url", "env:MISSING"])
def test_what_is_missing_is_named_and_nothing_secret_is_shown(url: str, tmp_path: Path) -> None:
    (tmp_path / "words.url").write_text("a secret that is no address", encoding="utf-8")
    with pytest.raises(NoAddress) as error:
        address_of(url, tmp_path, {})
    assert url.partition(":")[2] in str(error.value)
    assert "secret" not in str(error.value)
