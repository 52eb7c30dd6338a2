"""`python -m tests.conformance [--corpus DIR] [--hostile DIR] [--json FILE]`, from the root of the repository.

Reads every case of both suites in the product's reading children and prints, per column, right/total, the suites that are not
whole and the worst cases.  `--column reply` shows one column alone, `--suite bounce` takes only the suites whose name holds that
word, `--worst 100` lists more cases.  The folders default to $MAILBRIDGE_CORPUS, else ../shared/corpus, and hostile beside it.
Exit code 0 when every column reaches its figure, 1 when one does not, 2 when a folder is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.conformance.hostile import judge_hostile
from tests.conformance.report import columns, missed, table
from tests.conformance.run import judge_corpus
from tests.conformance.suites import corpus, default_corpus


def main() -> int:
    options = arguments()
    hostile = options.hostile or options.corpus.parent / "hostile"
    for folder in (options.corpus, hostile):
        if not folder.is_dir():
            print(f"There is no folder {folder}; name it with --corpus and --hostile or MAILBRIDGE_CORPUS.", file=sys.stderr)
            return 2
    cases = [case for case in corpus(options.corpus) if options.suite in case.suite]
    verdicts = judge_corpus(cases)
    if options.suite in "hostile":
        verdicts += judge_hostile(hostile)
    print(table(verdicts, worst=options.worst, only=options.column))
    if options.json:
        options.json.write_text(json.dumps(columns(verdicts), indent=1) + "\n", "utf-8")
    return int(bool(missed(verdicts)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=default_corpus())
    parser.add_argument("--hostile", type=Path)
    parser.add_argument("--json", type=Path, help="write {column: {right, total}} here")
    parser.add_argument("--suite", default="", help="only suites whose name holds this")
    parser.add_argument("--column", default="", help="show only columns whose name holds this")
    parser.add_argument("--worst", type=int, default=8, help="how many wrong cases to name per column")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
