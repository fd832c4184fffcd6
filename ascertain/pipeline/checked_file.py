"""A YAML file of the configuration, checked against its shape."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ascertain.errors import ConfigError

M = TypeVar("M", bound=BaseModel)
SHOWN = 5
"""Faults of one file that are named at once."""


def read_checked(path: Path, shape: type[M], what: str) -> M:
    """What the file says; ``what`` is its name for people.

    Raises:
        ConfigError: naming the line and the field at fault, the first few where there are several.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        return shape.model_validate(yaml.safe_load(text) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as e:
        raise ConfigError(f"cannot read {what} {path.name}: {e}", remedy="correct the file") from None
    except ValidationError as e:
        faults = [
            f"{path.name}:{line_of(tree, one['loc'])}: {'.'.join(map(str, one['loc'])) or '(top)'}: {one['msg']}"
            for one in e.errors()
        ]
        more = f"\nand {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        remedy = "correct that field" if len(faults) == 1 else "correct these fields"
        raise ConfigError("\n".join(faults[:SHOWN]) + more, remedy=remedy) from None


def line_of(tree: yaml.Node | None, loc: Sequence[int | str]) -> int:
    """The line (from 1) of what a path of keys and places leads to, or of the last part of it that is there."""
    line = 1
    for step in loc:
        if isinstance(tree, yaml.MappingNode):
            pair = next(((k, v) for k, v in tree.value if k.value == str(step)), None)
            if pair is None:
                break
            line, tree = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(tree, yaml.SequenceNode) and isinstance(step, int) and step < len(tree.value):
            tree = tree.value[step]
            line = tree.start_mark.line + 1
        else:
            break
    return line
