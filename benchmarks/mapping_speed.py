"""How fast, as ratios within one run: the engine against its bare encoder, warm and in fresh processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ascertain.taxonomy.encoder import Encoder
from ascertain.taxonomy.library import TaxonomyBundle

ROUNDS = 3
_FRESH = """
import json, sys, time
begun = time.perf_counter()
from pathlib import Path
{body}
done = time.perf_counter() - begun
kilobytes = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")]
print(json.dumps([done, int(kilobytes[0]) / 1024]))
"""
_ENGINE = """
from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy.library import TaxonomyLibrary
TaxonomyLibrary(Path(sys.argv[1]), CONFIG_DIR).open("esco").mapper.map([sys.argv[2]], top=10)
"""
_ENCODER = """
from ascertain.taxonomy.encoder import Encoder
Encoder().encode([sys.argv[2]])
"""


def speed(bundle: TaxonomyBundle, texts: Sequence[str], work: Path) -> dict[str, float]:
    """Medians of a few rounds, engine and encoder by turns. ``work`` is the folder that the bundle was opened from."""
    encoder = Encoder()
    bundle.mapper.rank(texts[:8], 10)
    encoder.encode(texts[:8])
    engine, bare, one, one_bare = [], [], [], []
    for turn in range(ROUNDS):
        new = [f"{t} {'.' * (1 + turn)}" for t in texts]  # nothing is remembered
        engine.append(len(new) / _seconds(lambda new=new: bundle.mapper.map(new, top=10)))
        bare.append(len(new) / _seconds(lambda new=new: encoder.encode(new)))
        for text in texts[:20]:
            one.append(_seconds(lambda text=text, turn=turn: bundle.mapper.map([f"{text} …{turn}"], top=10)))
            one_bare.append(_seconds(lambda text=text, turn=turn: encoder.encode([f"{text} …{turn}"])))
    found = {
        "sentences a second, batch": _median(engine),
        "bare encoder, sentences a second": _median(bare),
        "batch: pace of the engine over that of the bare encoder": _median(engine) / _median(bare),
        "one warm text, ms": 1000 * _median(one),
        "one warm text: engine over bare encoder": _median(one) / _median(one_bare),
    }
    if Path("/proc/self/status").exists():
        cold = [_fresh(_ENGINE, work, texts[0]) for _ in range(ROUNDS)]
        cold_bare = [_fresh(_ENCODER, work, texts[0]) for _ in range(ROUNDS)]
        seconds, memory = (_median([c[i] for c in cold]) for i in (0, 1))
        seconds_bare, memory_bare = (_median([c[i] for c in cold_bare]) for i in (0, 1))
        found |= {
            "fresh process to first answer, s": seconds,
            "fresh process: engine over bare encoder": seconds / seconds_bare,
            "resident memory of that process, MB": memory,
            "memory: engine over bare encoder": memory / memory_bare,
        }
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {k: round(v, 2) for k, v in {**found, "processors": os.cpu_count() or 1, "load average": busy}.items()}


def _seconds(work: object) -> float:
    begun = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - begun


def _fresh(body: str, work: Path, text: str) -> tuple[float, float]:
    """(seconds from the first import to the answer, resident MB at the end) of a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-c", _FRESH.format(body=body), str(work), text], capture_output=True, text=True, check=True
    )
    seconds, megabytes = json.loads(answer.stdout.strip().splitlines()[-1])
    return seconds, megabytes


def _median(values: Sequence[float]) -> float:
    return float(np.median(values))
