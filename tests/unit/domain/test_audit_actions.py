"""No step is left out of the audit chain unseen: the table of actions and the code agree, place for place."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from ascertain.domain.audit_actions import ACTIONS, PUT_TOGETHER
from ascertain.paths import APP_ROOT


def _is_append(call: ast.Call) -> bool:
    f = call.func
    if isinstance(f, ast.Name):  # passed on as a function
        return f.id == "append"
    return isinstance(f, ast.Attribute) and f.attr == "append" and ast.unparse(f.value).endswith("audit")


def places(source: str) -> Iterator[str | None]:
    """The actions that a module seals; ``None`` for one whose name is put together."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _is_append(node):
            first = node.args[0]
            yield str(first.value) if isinstance(first, ast.Constant) else None


def sealed() -> list[tuple[str, str | None]]:
    """(file, action) of each place in the code."""
    files = [f for f in sorted((APP_ROOT / "ascertain").rglob("*.py")) if "sandbox" not in f.parts]
    texts = {f.relative_to(APP_ROOT).as_posix(): f.read_text("utf-8") for f in files}
    return [(name, a) for name, text in texts.items() if "append(" in text for a in places(text)]


def disagreements(found: list[tuple[str, str | None]]) -> list[str]:
    named = Counter(a for _, a in found if a is not None)
    together = Counter(f for f, a in found if a is None)
    wanted = {a: e.places for a, e in ACTIONS.items() if e.places}
    return [
        *(
            f"{a}: {named[a]} places seal it, domain/audit_actions.py says {wanted.get(a, 0)}"
            for a in sorted({*named, *wanted})
            if named[a] != wanted.get(a, 0)
        ),
        *(
            f"{f}: {together[f]} names are put together, domain/audit_actions.py says {PUT_TOGETHER.get(f, 0)}"
            for f in sorted({*together, *PUT_TOGETHER})
            if together[f] != PUT_TOGETHER.get(f, 0)
        ),
    ]


def test_the_table_and_the_code_agree() -> None:
    assert disagreements(sealed()) == []


def test_taking_any_one_place_away_is_noticed() -> None:
    found = sealed()
    assert len(found) >= 50
    assert all(disagreements([*found[:i], *found[i + 1 :]]) for i in range(len(found)))


def test_every_action_says_what_it_is() -> None:
    assert all(e.what and e.places >= 0 for e in ACTIONS.values())
