"""Kills whatever works on a cohort, at random moments, and looks whether everything is there exactly once.

``python -m benchmarks.chaos [--points 200] [--seed N] [--server URL]``: the demonstration company, two hosts with two
workers and a scheduler each, the service, a reviewer and an LMS that call it, and write-back. Everything is delivered
twice. Prints the figures as JSON; exit code 1 when something is missing, doubled or torn.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chaos.suite import chaos
from benchmarks.chaos.world import own_database


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--points", type=int, default=200, help="faults to take")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--scale", type=int, default=1, help="size of the company")
    parser.add_argument("--server", default="", help="PostgreSQL server (URL); empty: SQLite")
    parser.add_argument("--logs", type=Path, help="folder for what the processes said")
    chosen = parser.parse_args(arguments)
    if chosen.server:
        with own_database(chosen.server) as url:
            found = chaos(chosen.points, chosen.seed, scale=chosen.scale, database_url=url, logs=chosen.logs)
    else:
        found = chaos(chosen.points, chosen.seed, scale=chosen.scale, logs=chosen.logs)
    print(json.dumps(found, indent=1))
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
