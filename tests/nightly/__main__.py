"""`make nightly PART=tokens`: what takes too long for every change, in parts of less than an hour.  SEED=… does one of them again.

Each part prints its seed first, and ends with 0 when it found nothing.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

LIMIT = 60 * 60  # seconds that a part may take at most
PATIENT = {"TESTS_PATIENCE": "600"}  # seconds for one process, on a machine that has other work


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`command` and the variables that a seed gives it."""

    about: str
    seconds: int  # about how long it takes
    run: Callable[[int, int], tuple[list[str], dict[str, str]]]


def tests(*files: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *files]


def in_a_root(file: str) -> list[str]:
    """Keeps what it fetched for the next night.  Its tools: tests/install-nightly.sh."""
    return [sys.executable, "-m", "pytest", "-q", "-s", file]


def again(seed: int, seconds: int) -> dict[str, str]:
    """For a part that draws nothing: it ends when it is done, at most after twice its time."""
    return {"PYTHONHASHSEED": str(seed), "TESTS_ROOT_WITHIN": str(seconds)}


PARTS = {
    "tokens": Part(
        about="a company's first day, with access tokens that end every 2 seconds for 10 minutes; no mail late by more than 2 seconds",
        seconds=600,
        run=lambda seed, seconds: (
            tests("tests/e2e/test_first_day.py"),
            {"TESTS_FIRST_DAY_SECONDS": str(seconds), "TESTS_FIRST_DAY_LATE": "2", "TESTS_FIRST_DAY_SEED": str(seed)},
        ),
    ),
    "fuzz": Part(
        about="mutated mails are read for 30 minutes; finds go to tests/fuzz/finds",
        seconds=1800,
        run=lambda seed, seconds: ([sys.executable, "-m", "tests.fuzz", "--seconds", str(seconds), "--seed", str(seed)], {}),
    ),
    "clocks": Part(
        about="promised times of 20,000 random pasts minute by minute and of 200 second by second, against their definitions",
        seconds=2700,
        run=lambda seed, seconds: (
            tests("tests/properties/test_clocks.py"),
            {
                "TESTS_CLOCKS_SEED": str(seed),
                "TESTS_CLOCKS_MINUTES": "20000",
                "TESTS_CLOCKS_SECONDS": "200",
                "TESTS_CLOCKS_WITHIN": str(seconds),
            },
        ),
    ),
    "years": Part(
        about="ten years of a desk in five zones, with restarts and downtimes at random moments: every alert exactly once",
        seconds=2700,
        run=lambda seed, seconds: (
            tests("tests/properties/test_years.py"),
            {"TESTS_YEARS": "10", "TESTS_YEARS_SEED": str(seed), "TESTS_YEARS_WITHIN": str(seconds)},
        ),
    ),
    "restarts": Part(
        about="the daemon is restarted for 10 minutes on kept sockets under 200 mails a second; none is lost, doubled or refused",
        seconds=600,
        run=lambda seed, seconds: (
            tests("tests/e2e/test_restart.py"),
            {"TESTS_RESTARTS_SECONDS": str(seconds), "TESTS_RESTARTS_SEED": str(seed)},
        ),
    ),
    "deb": Part(
        about="the Debian package, built twice (the same bytes), is installed, upgraded, removed and purged on a Debian of its own",
        seconds=900,
        run=lambda seed, seconds: (in_a_root("tests/install/nightly_deb.py"), again(seed, seconds)),
    ),
    "container": Part(
        about="the shipped Containerfile is built on a Debian of its own, and the image runs read-only and without rights",
        seconds=900,
        run=lambda seed, seconds: (in_a_root("tests/install/nightly_container.py"), again(seed, seconds)),
    ),
    "exim": Part(
        about="the manual's lines for Exim in a real Exim",
        seconds=60,
        run=lambda seed, seconds: (in_a_root("tests/install/nightly_exim.py"), again(seed, seconds)),
    ),
    "kill-points": Part(
        about="desks on SQLite and PostgreSQL are killed at one system call after the other: every mail has one outcome",
        seconds=2700,
        run=lambda seed, seconds: (
            tests("tests/crash/test_kill_points.py"),
            {"TESTS_KILLS_SECONDS": str(seconds), "TESTS_KILLS_SEED": str(seed)},
        ),
    ),
    "failing-calls": Part(
        about="one system call after the other fails with EIO or ENOSPC, on SQLite and PostgreSQL: every mail has one outcome",
        seconds=2700,
        run=lambda seed, seconds: (
            tests("tests/crash/test_failing_calls.py"),
            {"TESTS_FAILING_SECONDS": str(seconds), "TESTS_FAILING_SEED": str(seed)},
        ),
    ),
    "power-cuts": Part(
        about="the power of desks on a disk of their own fails at random moments: what was acknowledged is there (as root)",
        seconds=2400,
        run=lambda seed, seconds: (
            tests("tests/crash/test_power_cuts.py"),
            {"TESTS_CUTS_SECONDS": str(seconds), "TESTS_CUTS_SEED": str(seed)},
        ),
    ),
    "poison": Part(
        about="ten mails that hang, crash or exhaust their reader among 1,000: quarantined after three tries, others wait a minute at most",
        seconds=1200,
        run=lambda seed, seconds: (
            tests("tests/crash/test_poison.py"),
            {"TESTS_POISON_WITHIN": str(seconds), "TESTS_POISON_SEED": str(seed)},
        ),
    ),
    "concurrency": Part(
        about="eight processes on one PostgreSQL accept and work 100,000 mails at once, one in twenty a copy: exact counts",
        seconds=2400,
        run=lambda seed, seconds: (
            tests("tests/crash/test_many_workers.py"),
            {"TESTS_CONCURRENT_SECONDS": str(seconds), "TESTS_CONCURRENT_SEED": str(seed)},
        ),
    ),
    "recovery": Part(
        about="how long a desk takes to go on with 1,000 mails waiting after a kill, and when PostgreSQL or the IMAP server was away",
        seconds=900,
        run=lambda seed, seconds: (
            tests("tests/e2e/test_recovery.py"),
            {"TESTS_RECOVERY_WITHIN": str(seconds), "TESTS_RECOVERY_SEED": str(seed)},
        ),
    ),
    "silences": Part(
        about="each server around a desk is silent, closes, talks garbage or drips at each step of its protocol, under mail: it recovers",
        seconds=2700,
        run=lambda seed, seconds: (
            tests("tests/silences/test_silences.py"),
            {"TESTS_SILENCES_SECONDS": str(seconds), "TESTS_SILENCES_SEED": str(seed)},
        ),
    ),
    "soak": Part(
        about="a desk under ten mails a second with a fault every 30 seconds: nothing lost or doubled, memory and files stay",
        seconds=2700,
        run=lambda seed, seconds: (
            tests("tests/e2e/test_soak.py"),
            {"TESTS_SOAK_SECONDS": str(seconds), "TESTS_SOAK_SEED": str(seed)},
        ),
    ),
    "crash": Part(
        about="desks are killed at random moments for 40 minutes, and at each of the named places once",
        seconds=2400,
        run=lambda seed, seconds: (
            tests("tests/crash", "tests/oauth/test_killed.py"),
            {"TESTS_CRASH_SECONDS": str(seconds), "TESTS_CRASH_SEED": str(seed)},
        ),
    ),
}


def main() -> int:
    asked = arguments()
    part = PARTS.get(asked.part)
    if part is None:
        print(f"there is no part {asked.part!r}" if asked.part else "name a part: make nightly PART=tokens", file=sys.stderr)
        for name, one in PARTS.items():
            print(f"  {name:13} {one.about}", file=sys.stderr)
        return 2
    seconds = asked.seconds or part.seconds
    command, more = part.run(asked.seed, seconds)
    print(f"{asked.part}: seed {asked.seed}, {seconds} seconds (again: make nightly PART={asked.part} SEED={asked.seed})", flush=True)
    try:
        return subprocess.run(
            command, env={**os.environ, **more, "TESTS_FROM": str(asked.first), **PATIENT}, timeout=LIMIT, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"{asked.part} was not done after {LIMIT // 60} minutes and was ended", file=sys.stderr)
        return 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.nightly", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="?", default="")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--seconds", type=int, default=0, help="instead of the part's own")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the place to go on at, where an earlier run with the seed ended")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
