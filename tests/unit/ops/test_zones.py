"""Which zone database the desk goes by: the machine's comes first, as for `zoneinfo`."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from mailbridge.ops.zones import zone_database


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("tzdata.zi", "# version 2025b\n# ddeps backzone\n", "2025b"),
        ("+VERSION", "2024a\n", "2024a"),
        ("other", "", "unknown"),
    ],
)
def test_the_machines_database_says_its_version(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / "Etc").mkdir()
    (tmp_path / "Etc" / "UTC").write_bytes(b"TZif")
    (tmp_path / name).write_text(text)
    assert zone_database((str(tmp_path / "none"), str(tmp_path))) == said


def test_without_one_it_is_that_of_the_package(tmp_path: Path) -> None:
    assert zone_database((str(tmp_path),)) == version("tzdata")
