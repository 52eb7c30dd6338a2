"""Where the rules and templates that come with mailbridge lie: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The shipped `rules` or `templates`.  Raises FileNotFoundError for an installation that lost them."""
    for place in (_PACKAGE / "shipped" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"mailbridge's own {name} are missing beside {_PACKAGE}; install it again")


def rules() -> Path:
    return folder("rules")


def templates() -> Path:
    return folder("templates")


def receipts(own: Path) -> set[str]:
    """Names of the templates that a customer may be written with: those that come along and those in the desk's `own` folder."""
    files = [file for folder in (templates(), own) for file in folder.glob("mail/*/customer.*.txt.j2")]
    return {file.name.removeprefix("customer.").removesuffix(".txt.j2") for file in files}
