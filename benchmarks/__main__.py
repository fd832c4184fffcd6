"""``python -m benchmarks [assess|exchange|ingest|service_read|sweep|tokens …] [--json] [--quick]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.assess import assess
from benchmarks.exchange import exchange
from benchmarks.ingest import ingest
from benchmarks.service_read import service_read
from benchmarks.sweep import sweep
from benchmarks.table import Result, as_json, as_text
from benchmarks.tokens import tokens

BENCHMARKS: dict[str, Callable[..., list[Result]]] = {
    "assess": assess,
    "ingest": ingest,
    "sweep": sweep,
    "exchange": exchange,
    "service_read": service_read,
    "tokens": tokens,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named benchmarks (all by default) and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"{', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    parser.add_argument("--quick", action="store_true", help="fewer samples: to see that it runs, not to quote")
    chosen = parser.parse_args(arguments)
    if unknown := [n for n in chosen.names if n not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    results: list[Result] = []
    for name in chosen.names or BENCHMARKS:
        begun = time.monotonic()
        results += BENCHMARKS[name](quick=chosen.quick)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    print(as_json(results) if chosen.json else as_text(results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
