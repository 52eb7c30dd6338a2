"""Commands read the environment; what the person who runs the tests has set there must not count."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_variables_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("MAILBRIDGE_"):
            monkeypatch.delenv(name)
