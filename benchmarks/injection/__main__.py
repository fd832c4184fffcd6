"""``python -m benchmarks.injection [--places PLACE …] [--json]``: every attack, in every place, on every model.

Printed are unauthorised effects (the aim is 0) and the share of attacks that changed anything that would be stored:
what reads like honest praise is weighed like honest praise, and waits for a human.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.ground import empty_app
from benchmarks.injection.attacks import attacks
from benchmarks.injection.case import PLACES
from benchmarks.injection.measure import MODELS, Outcome, baseline, tried
from crews.learner import RememberingMapper


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and end with 1 where there was any effect."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.injection", description=__doc__)
    parser.add_argument("--places", nargs="+", choices=PLACES, default=list(PLACES), help="default: all")
    parser.add_argument("--json", action="store_true", help="every outcome as JSON")
    chosen = parser.parse_args(arguments)
    rows: list[Outcome] = []
    with empty_app() as app:
        services = replace(app.services, mapper=RememberingMapper(app.services.mapper), purse=None)
        before = baseline(services)
        for n, attack in enumerate(attacks(), 1):
            rows += [tried(attack, place, model, services, before) for place in chosen.places for model in MODELS]
            print(f"\r{n}/{len(attacks())} attacks", end="", file=sys.stderr)
    print(file=sys.stderr)
    print(json.dumps([_plain(r) for r in rows], indent=1) if chosen.json else table(rows))
    return 1 if any(r.effects for r in rows) else 0


def _plain(row: Outcome) -> dict[str, object]:
    told = {"attack": row.attack.id, "place": row.place, "model": row.model, "changed": row.changed}
    return told | {"effects": row.effects, "gained": row.gained, "lost": row.lost}


def table(rows: Sequence[Outcome]) -> str:
    """Counts by model and place, and by kind of attack."""
    lines = [f"{'model':<10} {'place':<16} {'attacks':>7} {'effects':>7} {'changed':>8} {'of it upwards':>13}"]
    for model in MODELS:
        for place in PLACES:
            if some := [r for r in rows if (r.model, r.place) == (model, place)]:
                lines.append(f"{model:<10} {place:<16} {_counts(some)}")
    lines += ["", f"{'kind':<27} {'runs':>7} {'effects':>7} {'changed':>8} {'of it upwards':>13}"]
    for kind in dict.fromkeys(r.attack.kind for r in rows):
        lines.append(f"{kind:<27} {_counts([r for r in rows if r.attack.kind == kind])}")
    lines.append(f"{'all':<27} {_counts(rows)}")
    lines += [f"{r.attack.id} in a {r.place} on {r.model}: {', '.join(r.effects)}" for r in rows if r.effects]
    return "\n".join(lines)


def _counts(rows: Sequence[Outcome]) -> str:
    share = 100 / len(rows)
    changed, gained = sum(r.changed for r in rows), sum(bool(r.gained) for r in rows)
    return f"{len(rows):>7} {sum(bool(r.effects) for r in rows):>7} {changed * share:>6.0f} % {gained * share:>11.0f} %"


if __name__ == "__main__":
    raise SystemExit(main())
