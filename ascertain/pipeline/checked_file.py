"""A YAML file of the configuration, checked against its shape."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ascertain.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


def read_checked(path: Path, shape: type[M], what: str) -> M:
    """What the file says; ``what`` is its name for people.

    Raises:
        ConfigError: naming the field at fault.
    """
    try:
        return shape.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as e:
        raise ConfigError(f"cannot read {what} {path.name}: {e}", remedy="correct the file") from None
    except ValidationError as e:
        first = e.errors()[0]
        field = ".".join(map(str, first["loc"])) or "(top)"
        raise ConfigError(f"{path.name}: {field}: {first['msg']}", remedy="correct that field") from None
