"""What proves who somebody is, is compared in constant time wherever it is compared."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ascertain.paths import APP_ROOT

PACKAGE = APP_ROOT / "ascertain"
PLACES = sorted(
    [*PACKAGE.glob("connectors/*_webhooks.py"), *PACKAGE.glob("service/**/*.py"), PACKAGE / "domain" / "access.py"]
)
"""Where something comes in that has to be proved."""
SECRET = re.compile(r"(^|_)(secret|token|password|signature|mac|proof|csrf|hmac|api_?key)s?$")
MADE = {"digest", "hexdigest", "token_of", "_mac", "_seal", "_digest"}


def unsafe(code: str) -> Iterator[str]:
    """Comparisons by ``==`` or ``!=`` of what sounds like a secret or was computed as one; a comparison with a
    word of the code itself (``proof == "address"``) is none."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        sides = [node.left, *node.comparators]
        if any(isinstance(s, ast.Constant) for s in sides):
            continue
        if any(map(sounds_secret, sides)):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def sounds_secret(side: ast.expr) -> bool:
    if isinstance(side, ast.Call):
        return ast.unparse(side.func).rpartition(".")[2] in MADE
    if isinstance(side, ast.Subscript) and isinstance(side.slice, ast.Constant):
        return bool(SECRET.search(str(side.slice.value)))
    name = side.id if isinstance(side, ast.Name) else side.attr if isinstance(side, ast.Attribute) else ""
    return bool(SECRET.search(name))


@pytest.mark.parametrize("place", PLACES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_secrets_are_never_compared_letter_by_letter(place: Path) -> None:
    found = list(unsafe(place.read_text(encoding="utf-8")))
    assert not found, f"use hmac.compare_digest: {found}"


@pytest.mark.parametrize(
    "code",
    ["sent == secret", "if kept['hook_secret'] != sent: pass", "hmac.new(a, b).hexdigest() == given", "form.csrf == x"],
)
def test_the_search_finds_them(code: str) -> None:
    assert list(unsafe(code))
