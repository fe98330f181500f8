"""``python -m bench [NAME …] [--runs N]``."""

from __future__ import annotations

import argparse
import importlib

from bench import python

NAMES = ("command", "up", "restart", "roll", "cold", "planning", "check", "console", "messages", "topics")


def main() -> None:
    """Run the benchmarks that are named, all when none is."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    python.set_up()
    print(python.SAID)
    for name in options.names or NAMES:
        importlib.import_module(f"bench.{name}").measure(options.runs)


if __name__ == "__main__":
    main()
