"""Finds pg_dump and pg_restore, and checks their versions before use."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from mailbridge.errors import Permanent

_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")
_VERSION = re.compile(r"\) (\d+)")


@dataclass(frozen=True, slots=True)
class Program:
    path: Path
    major: int


def found(name: str) -> list[Program]:
    """Every program of this name in PATH and in the usual folders of PostgreSQL, oldest version first."""
    on_path = shutil.which(name)
    paths = {Path(on_path)} if on_path else set()
    paths |= {file for folder in _FOLDERS for file in Path("/").glob(f"{folder[1:]}/{name}")}
    programs = [Program(path, major) for path in sorted(paths) if (major := _major(path))]
    return sorted(programs, key=lambda program: program.major)


def _major(path: Path) -> int:
    """The major version of a program; 0 where it prints none."""
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout  # noqa: S603  (paths of ours)
    except OSError:
        return 0
    version = _VERSION.search(told)
    return int(version.group(1)) if version else 0


def fitting(name: str, wanted: int, programs: Iterable[Program]) -> Program:
    """The program with the lowest version that is not below the wanted one.  Raises Permanent with the found version and the one to
    install."""
    known = list(programs)
    for program in known:
        if program.major >= wanted:
            return program
    install = f"install postgresql-client-{wanted} or newer on this machine"
    if not known:
        raise Permanent(f"{name} is not on this machine: {install}")
    raise Permanent(f"{name} {known[-1].major} cannot be used with PostgreSQL {wanted}: {install}", program=known[-1].path)


def run(program: Program, target: sa.URL, arguments: Sequence[str]) -> None:
    """Runs the program on the database.  Raises Permanent with its output.  The password is passed in the environment, because other users
    of the machine can read command lines."""
    address = target.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, "PGAPPNAME": "mailbridge", "LC_MESSAGES": "C"}
    if target.password:
        environment["PGPASSWORD"] = str(target.password)
    command = [str(program.path), "--no-password", f"--dbname={address}", *arguments]
    done = subprocess.run(  # noqa: S603  (no shell; a program that was found, options of ours)
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        said = " ".join(done.stderr.split())[-1000:]
        raise Permanent(f"{program.path.name} failed: {said}", exit_code=done.returncode)
