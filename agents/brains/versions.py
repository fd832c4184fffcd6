"""The version of the embedded brain, from its source: a changed rule is another brain, and cases are run again."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

REVISION = "embedded-1"

_HERE = Path(__file__).resolve().parent


@cache
def embedded_version() -> str:
    """:data:`REVISION` with a hash over the rules and the wording they share with the tools."""
    hasher = hashlib.sha256()
    for file in (*sorted((_HERE / "rules").glob("*.py")), _HERE.parents[1] / "tools" / "wording.py"):
        hasher.update(file.name.encode())
        hasher.update(file.read_bytes())
    return f"{REVISION}+{hasher.hexdigest()[:12]}"
