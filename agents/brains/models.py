"""Reads ``config/models.yaml`` strictly: which brains there are, and which agent thinks with which."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agents.brains.versions import embedded_version
from ascertain.domain.canonical import digest
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR

ROLES = ("evidence_collector", "taxonomy_mapper", "gap_analyst", "learning_path_curator", "reviewer")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EmbeddedConfig(_Strict):
    """Rules instead of a model."""

    kind: Literal["embedded"]

    @property
    def version(self) -> str:
        """Hash of the rules."""
        return embedded_version()


class EndpointConfig(_Strict):
    """A language model behind an API.

    Attributes:
        api_key_env: name of the environment variable that holds the key; empty where the server wants none.
        timeout_s: seconds that one call may take.
        attempts: how often one call is tried in all when the server is busy or unreachable.
        repairs: how often the model is asked again when its answer does not fit the schema.
        requests_per_second: bound over all agents of the process; unset = none.
        structured_output: what the server understands of response_format.
    """

    kind: Literal["openai", "langchain"]
    model: Annotated[str, Field(min_length=1)]
    provider: str = "openai"
    base_url: str | None = None
    api_key_env: Annotated[str, Field(pattern=r"^([A-Z][A-Z0-9_]*)?$")] = ""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.0
    seed: int | None = 7
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 60.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    repairs: Annotated[int, Field(ge=0, le=3)] = 1
    context_window: Annotated[int, Field(ge=4096)] = 128_000
    max_output_tokens: Annotated[int, Field(ge=256)] | None = None
    requests_per_second: Annotated[float, Field(gt=0)] | None = None
    structured_output: Literal["json_schema", "json_object", "none"] = "json_schema"

    @field_validator("base_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value

    @property
    def version(self) -> str:
        """Model name with a hash of everything that shapes its answers."""
        shaping = self.model_dump(include={"kind", "provider", "base_url", "temperature", "seed", "structured_output"})
        return f"{self.provider}/{self.model}+{digest(shaping, length=8)}"

    def api_key(self) -> str | None:
        """The key from the environment, or ``None`` where none is wanted.

        Raises:
            ConfigError: naming the variable that is not set.
        """
        if not self.api_key_env:
            return None
        if not (value := os.environ.get(self.api_key_env)):
            raise ConfigError(
                f"the brain {self.model} needs {self.api_key_env}, which is not set",
                remedy=f"export {self.api_key_env}, or use ASCERTAIN_BRAIN=embedded",
            )
        return value


BrainConfig = Annotated[EmbeddedConfig | EndpointConfig, Field(discriminator="kind")]


class Models(_Strict):
    """All of the file."""

    version: str
    brains: dict[str, BrainConfig]
    teams: dict[str, dict[str, str]] = Field(default_factory=dict)

    def team(self, name: str) -> Mapping[str, EmbeddedConfig | EndpointConfig]:
        """A brain for each of the five roles, for a team or a single brain called ``name``.

        Raises:
            ConfigError: when there is neither.
        """
        if name in self.teams:
            members = self.teams[name]
            return {r: self.brains[members.get(r, members["default"])] for r in ROLES}
        if name in self.brains:
            return dict.fromkeys(ROLES, self.brains[name])
        known = ", ".join(sorted({*self.teams, *self.brains}))
        raise ConfigError(
            f"ASCERTAIN_BRAIN: there is no brain or team {name!r} in models.yaml", remedy=f"use one of: {known}"
        )


def read_models(path: Path | None = None) -> Models:
    """Load and check the file.

    Raises:
        ConfigError: naming the field at fault.
    """
    file = path or CONFIG_DIR / "models.yaml"
    try:
        models = Models.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except OSError as e:
        raise ConfigError(f"cannot read {file.name}: {e.strerror}", remedy="restore the shipped file") from None
    except yaml.YAMLError as e:
        raise ConfigError(f"{file.name} is not valid YAML: {e}") from None
    except ValidationError as e:
        first = e.errors(include_input=False)[0]
        raise ConfigError(f"{file.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for team, members in models.teams.items():
        if "default" not in members:
            raise ConfigError(f"{file.name}: teams.{team}: a default is missing")
        for role, brain in members.items():
            if role not in (*ROLES, "default"):
                raise ConfigError(f"{file.name}: teams.{team}.{role}: there is no such agent")
            if brain not in models.brains:
                raise ConfigError(f"{file.name}: teams.{team}.{role}: there is no brain {brain!r}")
    return models
