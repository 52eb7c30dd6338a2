"""What a mail costs beside another commit, in processor time.

    python -m benchmarks.paired --base COMMIT [--rounds 5] [--only ingest,commands,rules,growth] [--quick] [--json]

Writes the sources of COMMIT into a temporary folder.  In each round every benchmark runs once there and once here, each time in a process
of its own; the two sources take turns in going first.  Both run with the packages that are installed here.  A figure is milliseconds of
processor time of the benchmark, its daemon and its children, so that others on the machine count little.  Prints for each figure the
median of both sources and the median of the quotients of the rounds.  Leaves 1 where a median quotient is above 1.

`--calls` counts function calls of the worker's turns instead, of the benchmarks commands and growth in one round.  No machine is too
busy for it.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import importlib
import io
import json
import os
import pstats
import resource
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).resolve().parents[1]
TICK = os.sysconf("SC_CLK_TCK")
ALONE = "--alone"  # the first argument of the processes that this program starts
Figures = Mapping[str, float]


def _of_commands(found: Any) -> Figures:
    return {"a customer's reply": found["ms_a_reply"], "a mail of three commands": found["ms_a_mail_of_three_commands"]}


def _of_growth(found: Any) -> Figures:
    return {"a mail on an empty desk": found["ms_a_mail_empty"], "a mail beside many tickets": found["ms_a_mail_filled"]}


def _of_ingest(found: Any) -> Figures:
    return {"ingest, the daemon": found["cpu_ms_a_mail"]["daemon"], "ingest, all processes": sum(
        value for name, value in found["cpu_ms_a_mail"].items() if name != "bare_parse")}  # fmt: skip


def _of_rules(found: Any) -> Figures:
    return {f"rules: {one['name']}": one["value"] for one in found if one["unit"] in ("ms", "s")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One of the programs beside this one.  `figures` picks those that are compared from the JSON it prints.  `replaces_clock`: it measures
    with `time.perf_counter`, in whose place the processor time is put."""

    arguments: tuple[str, ...]
    quick: tuple[str, ...]
    figures: Callable[[Any], Figures]
    replaces_clock: bool = False


BENCHMARKS = {
    "ingest": Benchmark(arguments=("--n", "400", "--rounds", "1"), quick=("--n", "100", "--rounds", "1"), figures=_of_ingest),
    "commands": Benchmark(
        arguments=("--tickets", "100", "--rounds", "2"),
        quick=("--tickets", "40", "--rounds", "1"),
        figures=_of_commands,
        replaces_clock=True,
    ),
    "rules": Benchmark(arguments=("--stored", "0"), quick=("--stored", "0"), figures=_of_rules),
    "growth": Benchmark(
        arguments=("--tickets", "2000", "--mails", "100", "--rounds", "2"),
        quick=("--tickets", "500", "--mails", "40", "--rounds", "1"),
        figures=_of_growth,
        replaces_clock=True,
    ),
}


@dataclass(slots=True)
class Pairs:
    """A figure in each round, of the other commit and of this source."""

    base: list[float] = field(default_factory=list)
    here: list[float] = field(default_factory=list)

    @property
    def quotient(self) -> float:
        """The median of the quotients of the rounds."""
        return median(here / base for here, base in zip(self.here, self.base, strict=True))


def main() -> int:
    if sys.argv[1:2] == [ALONE]:
        return alone(sys.argv[2], quick="quick" in sys.argv[3:], calls="calls" in sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, metavar="COMMIT")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(BENCHMARKS), help="names with commas between them (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer mails in each round")
    parser.add_argument("--calls", action="store_true", help="count function calls instead of time")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    names = [name for name in asked.only.split(",") if not asked.calls or BENCHMARKS[name].replaces_clock]
    with TemporaryDirectory(prefix="mailbridge-paired-") as folder:
        base = sources_of(asked.base, Path(folder))
        pairs = measured(names, base, 1 if asked.calls else asked.rounds, how=[word for word in ("quick", "calls") if vars(asked)[word]])
    _report(pairs, as_json=asked.json)
    return 0 if all(one.quotient <= 1 for one in pairs.values()) else 1


def sources_of(commit: str, folder: Path) -> Path:
    """The folder with the files of the commit."""
    archive = subprocess.run(["git", "archive", commit], cwd=HERE, check=True, stdout=subprocess.PIPE).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def measured(names: Sequence[str], base: Path, rounds: int, *, how: Sequence[str]) -> dict[str, Pairs]:
    """Each figure in each round.  `how`: `quick`, `calls` or both."""
    pairs: dict[str, Pairs] = {}
    for number in range(rounds):
        for name in names:
            for source in (base, HERE) if number % 2 else (HERE, base):
                for figure, value in _started(name, source, how).items():
                    one = pairs.setdefault(figure, Pairs())
                    (one.here if source is HERE else one.base).append(value)
            print(f"round {number + 1}, {name}: " + _line(pairs), file=sys.stderr, flush=True)
    return pairs


def _line(pairs: Mapping[str, Pairs]) -> str:
    return ", ".join(f"{name} {one.here[-1] / one.base[-1]:.3f}" for name, one in pairs.items())


def _started(name: str, source: Path, how: Sequence[str]) -> Figures:
    """The figures of one run of the benchmark with these sources, in a process of its own."""
    command = [sys.executable, "-P", str(Path(__file__).resolve()), ALONE, name, *how]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("{", "["))]
    if not lines:  # the code says whether the benchmark reached its own target, which does not matter here
        raise SystemExit(f"benchmarks.{name} in {source} printed no figures:\n{done.stderr[-2000:]}")
    found = json.loads(lines[-1])
    return {str(key): float(value) for key, value in (found if "calls" in how else BENCHMARKS[name].figures(found)).items()}


def _report(pairs: Mapping[str, Pairs], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({name: {"base": one.base, "here": one.here, "quotient": one.quotient} for name, one in pairs.items()}))
        return
    for name, one in pairs.items():
        print(f"{name:64} {median(one.base):10.3f} {median(one.here):10.3f} {one.quotient:6.3f} times")


# In the process of one benchmark


def alone(name: str, *, quick: bool, calls: bool) -> int:
    """Runs the benchmark of the sources in PYTHONPATH."""
    module: Any = importlib.import_module(f"benchmarks.{name}")
    sys.argv = [name, *(BENCHMARKS[name].quick if quick else BENCHMARKS[name].arguments), "--json"]
    if calls:
        return _counted(module)
    if BENCHMARKS[name].replaces_clock:
        module.time, module.take_in = _ProcessorTime(), _settled(module.take_in)
    code = module.main(sys.argv[1:]) if name == "rules" else module.main()
    return int(code or 0)


def _settled(take_in: Callable[..., float]) -> Callable[..., float]:
    """The same; what is in memory before is left out of garbage collections, as the daemon leaves out what it loaded."""

    def with_frozen_memory(*given: Any) -> float:
        gc.collect()
        gc.freeze()
        return take_in(*given)

    return with_frozen_memory


class _ProcessorTime:
    """The module `time`, whose performance counter is the processor time of this process and of all below it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    @staticmethod
    def perf_counter() -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + ended.ru_utime + ended.ru_stime + sum(map(_seconds, _below(os.getpid())))


def _below(process: int) -> Iterator[int]:
    """The processes that it and its children started and that still run."""
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _below(int(child))


def _seconds(process: int) -> float:
    """User and system time of the process and of its children that have ended."""
    with suppress(OSError):
        return sum(map(int, Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:15])) / TICK
    return 0.0


def _counted(module: Any) -> int:
    """Runs the benchmark and prints the function calls a mail of the worker's turns, for each batch of mails."""
    from mailbridge.worker import Worker

    turn, take_in, counts = Worker.one_turn, module.take_in, dict[str, float]()
    profiles: list[cProfile.Profile] = []

    def counted_turn(self: Any) -> Any:
        profiles[-1].enable()
        try:
            return turn(self)
        finally:
            profiles[-1].disable()

    def counted_batch(app: Any, mails: Any, *rest: Any) -> Any:
        profiles.append(cProfile.Profile())
        took = take_in(app, mails, *rest)
        stats: Any = pstats.Stats(profiles[-1])
        counts[f"calls a mail, portion {len(profiles)}"] = stats.total_calls / len(mails)
        return took

    Worker.one_turn = counted_turn  # type: ignore[method-assign]
    module.take_in = counted_batch
    module.main()
    print(json.dumps(counts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
