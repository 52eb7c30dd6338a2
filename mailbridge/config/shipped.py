"""Where the files that come with mailbridge lie: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Folder:
    what: str
    in_checkout: str  # from its root
    in_wheel: str  # from mailbridge/shipped


FOLDERS: Mapping[str, Folder] = {
    "manual": Folder("the manual, begin with README.md", "docs/manual", "manual"),
    "deploy": Folder("systemd units, examples, alerts, a board", "deploy", "deploy"),
    "rules": Folder("the rules that init copies", "rules", "rules"),
    "schemas": Folder("JSON Schemas of rules and mailbridge.toml, for editors", "rules/schema", "rules/schema"),
    "knowledge": Folder("sample articles of a knowledge base", "knowledge", "knowledge"),
    "answers": Folder("sample answers ready to send", "answers", "answers"),
    "templates": Folder("the words of our mails", "templates", "templates"),
}


def folder(name: str) -> Path:
    """One of FOLDERS.  Raises FileNotFoundError for an installation that lost it."""
    one = FOLDERS[name]
    for place in (_PACKAGE / "shipped" / one.in_wheel, _PACKAGE.parent / one.in_checkout):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"mailbridge's own {name} are missing beside {_PACKAGE}; install mailbridge-desk again")


def rules() -> Path:
    return folder("rules")


def templates() -> Path:
    return folder("templates")


_RECEIPTS = ("mail/customer.*.j2", "mail/*/customer.*.txt.j2")  # of this release, and of the one before
_LAYOUTS = {"txt", "html"}  # customer.txt.j2 of the release before is no mail
_MAILS = ("mail/*.*.j2", "mail/*/*.*.txt.j2")  # of this release, and of the one before


def mail_templates(own: Path) -> set[str]:
    """Names of all templates of mails, as "customer.closed": those that come along and those in the desk's `own` folder."""
    files = [file for folder in (templates(), own) for form in _MAILS for file in folder.glob(form)]
    names = {file.name.removesuffix(".j2").removesuffix(".txt") for file in files if file.name[0] != "_"}
    return {name for name in names if name.partition(".")[2] not in _LAYOUTS}


def receipts(own: Path) -> set[str]:
    """Names of the templates that a customer may be written with: those that come along and those in the desk's `own` folder."""
    files = [file for folder in (templates(), own) for form in _RECEIPTS for file in folder.glob(form)]
    return {file.name.removeprefix("customer.").removesuffix(".j2").removesuffix(".txt") for file in files} - _LAYOUTS
