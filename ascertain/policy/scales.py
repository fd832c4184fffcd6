"""Reads ``config/scales.yaml``: how other systems' scales stand to the five levels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ascertain.domain.scale_crosswalk import NumberScale, Scale, WordScale
from ascertain.errors import ConfigError, InputError
from ascertain.paths import CONFIG_DIR

Word = Annotated[str, Field(min_length=1, max_length=60)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Numbers(_Strict):
    low: float
    high: float
    begins: Annotated[list[float], Field(min_length=5, max_length=5)]
    step: Annotated[float, Field(gt=0)] | None = None


class _Words(_Strict):
    none: list[Word] = Field(default_factory=list)
    levels: Annotated[list[list[Word]], Field(min_length=5, max_length=5)]


class _Scale(_Strict):
    about: Annotated[str, Field(min_length=1, max_length=200)]
    numbers: _Numbers | None = None
    words: _Words | None = None

    @model_validator(mode="after")
    def _one(self) -> _Scale:
        if (self.numbers is None) == (self.words is None):
            raise ValueError("needs numbers or words, and not both")
        return self


class _Document(_Strict):
    scales: dict[Name, _Scale]


@cache
def read_scales(file: Path | None = None) -> Mapping[str, Scale]:
    """By name, from ``file`` or the shipped one; read once a process.

    Raises:
        ConfigError: naming the scale and the field at fault.
    """
    path = file or CONFIG_DIR / "scales.yaml"
    try:
        doc = _Document.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        return {name: _scale(name, s) for name, s in doc.scales.items()}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as e:
        raise ConfigError(f"cannot read the scales {path.name}: {e}", remedy="correct the file") from None
    except ValidationError as e:
        first = e.errors(include_input=False)[0]
        where = ".".join(str(p) for p in first["loc"] if p != "[key]")
        raise ConfigError(f"{path.name}: {where}: {first['msg']}", remedy="correct that field") from None
    except InputError as e:
        raise ConfigError(f"{path.name}: scales.{e.message}", remedy=e.remedy) from None


def scale_called(name: str, file: Path | None = None) -> Scale:
    """
    Raises:
        InputError: there is none of that name, naming those there are.
    """
    found = read_scales(file)
    if name not in found:
        raise InputError(
            f"there is no scale {name!r}",
            field="scale",
            remedy=f"one of {', '.join(sorted(found))} (config/scales.yaml)",
        )
    return found[name]


def _scale(name: str, s: _Scale) -> Scale:
    if s.numbers is not None:
        n = s.numbers
        return NumberScale(name, s.about, n.low, n.high, tuple(n.begins), n.step)
    assert s.words is not None, "one of the two is there"
    return WordScale(name, s.about, tuple(tuple(w) for w in s.words.levels), tuple(s.words.none))
