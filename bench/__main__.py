"""Run every benchmark, one after the other: `python -m bench [--quick]`. Results: bench/results/."""

from __future__ import annotations

import argparse
import subprocess
import sys

# Each in a process of its own: one must not warm, or bloat, another.
BENCHES = {
    "search": ([], ["--documents", "5000", "--questions", "100"]),
    "collect": ([], ["--quick"]),
}


def main() -> int:
    """Run them; the exit status is that of the first that failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="small amounts, about a minute")
    asked = parser.parse_args()
    unknown = set(asked.names) - set(BENCHES)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    for name in asked.names or BENCHES:
        full, quick = BENCHES[name]
        print(f"== {name}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{name}", *(quick if asked.quick else full)], check=False
        )
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
