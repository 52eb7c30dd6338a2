"""The door of the installed program: looks whether it is whole and alone, then runs `mailbridge.cli.main`.

PyPI has a package `mailbridge` of other people with the same import name.  Where it is installed into the same environment, the two
overwrite each other's files, the first of them `mailbridge/__init__.py`.  So this stands outside of `mailbridge` and imports nothing of it
before it has looked.
"""

from __future__ import annotations

import sys
from importlib.metadata import Distribution, distributions

OURS = "mailbridge-desk"
THEIRS = "mailbridge"
CANNOT_BE_USED = 2  # as mailbridge.cli.exits.USAGE

NAMESAKE = """\
mailbridge: another package with the import name "mailbridge" is installed beside this one:
  {name} {version}: {summary}
  recorded in {where}
The two overwrite each other's files, so neither can be trusted to work.  Nothing was started.
Remove both, then install this one into an environment of its own:
  {python} -m pip uninstall {theirs} {ours}
  the ways to install it: pipx, uv or a venv, see the manual's page "The first desk"
"""
BROKEN = """\
mailbridge: this installation is not whole: {error}
Perhaps another package with the import name "mailbridge" was installed and removed here.  Install {ours} again, with
pip's option --force-reinstall or into a new environment.
"""


def run() -> None:
    """The program.  Exits with 2 where another package has or had its hands on our files."""
    if (other := namesake()) is not None:
        _refuse(told(other))
    try:
        from mailbridge.cli.main import run as run_program
    except ImportError as error:
        _refuse(BROKEN.format(error=error, ours=OURS))
    run_program()


def namesake() -> Distribution | None:
    """The other package called `mailbridge`, if one is installed.  Ours had that name before 0.2 and is not meant."""
    return next((found for found in distributions(name=THEIRS) if not _is_ours(found)), None)


def told(other: Distribution) -> str:
    """What a person should know about it, and do."""
    return NAMESAKE.format(
        name=other.metadata["Name"],
        version=other.version,
        summary=other.metadata["Summary"],
        where=getattr(other, "_path", None) or other.locate_file(""),
        python=sys.executable,
        ours=OURS,
        theirs=THEIRS,
    )


def _is_ours(found: Distribution) -> bool:
    return any(script.value == "mailbridge.cli.main:run" for script in found.entry_points.select(group="console_scripts"))


def _refuse(why: str) -> None:
    sys.stderr.write(why)
    sys.exit(CANNOT_BE_USED)
