"""`make fuzz SECONDS=300`: reads mutated mails for that long and says how many, with which seed, and what was too much.

`--seed N --first NUMBER --count 1` reads one mail again.  What is found is written, shortened, to tests/fuzz/finds/; once it is
mended the file stays there, and the test suite reads it for ever.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from hashlib import sha256
from pathlib import Path

from tests.fuzz.running import run, shrunk
from tests.fuzz.seeds import seeds

FINDS = Path(__file__).with_name("finds")


def main() -> int:
    asked = arguments()
    end = time.monotonic() + asked.seconds
    last = time.monotonic()

    def enough(count: int) -> bool:
        nonlocal last
        if time.monotonic() - last > 60:
            last = time.monotonic()
            print(f"  {count} mails", flush=True)
        return count >= asked.count if asked.count else time.monotonic() >= end

    print(f"seed {asked.seed}", flush=True)
    done = run(asked.seed, seeds(), until=enough, first=asked.first)
    kinds = {find.what: find for find in reversed(done.finds)}
    for what, find in kinds.items():
        raw = shrunk(find)
        path = FINDS / f"{sha256(raw).hexdigest()[:12]}.eml"
        path.write_bytes(raw)
        print(f"mail {find.number} (--seed {asked.seed} --first {find.number} --count 1): {what}\n  shortened to {len(raw)} bytes: {path}")
    print(f"{done.count} mails read with seed {done.seed}, {len(done.finds)} too much ({len(kinds)} kinds), slowest {done.slowest:.2f} s")
    return 1 if done.finds else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--first", type=int, default=0, help="number of the first mail")
    parser.add_argument("--count", type=int, default=0, help="so many mails instead of so many seconds")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
