"""Reads ``config/models.yaml`` strictly: which brains there are, and which agent thinks with which."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agents.brains.versions import embedded_version
from ascertain.domain.canonical import digest
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR

ROLES = ("evidence_collector", "taxonomy_mapper", "gap_analyst", "learning_path_curator", "reviewer")
"""The learner crew's."""
STEWARD_ROLES = ("taxonomy_steward", "taxonomy_critic")
ONBOARDING_ROLES = ("onboarding_planner", "onboarding_reviewer")
CATALOGUE_ROLES = ("content_tagger", "tag_reviewer")
EVERY_ROLE = (*ROLES, *STEWARD_ROLES, *ONBOARDING_ROLES, *CATALOGUE_ROLES)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EmbeddedConfig(_Strict):
    """Rules instead of a model."""

    kind: Literal["embedded"]

    @property
    def version(self) -> str:
        """Hash of the rules."""
        return embedded_version()


class Price(_Strict):
    """US dollars for a million tokens, as the provider charges them."""

    prompt: Annotated[float, Field(ge=0)]
    completion: Annotated[float, Field(ge=0)]

    def of(self, tokens: tuple[int, int]) -> float:
        """US dollars for (prompt, completion) tokens."""
        return (tokens[0] * self.prompt + tokens[1] * self.completion) / 1_000_000


class Limits(_Strict):
    """The most that may be spent in one scope; ``None`` is no limit. ``calls`` are calls of an endpoint, retries and
    repairs included; rules cost nothing."""

    calls: Annotated[int, Field(ge=1)] | None = 60
    tokens: Annotated[int, Field(ge=1)] | None = 600_000
    usd: Annotated[float, Field(gt=0)] | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None

    def within(self, seconds: float | None) -> Limits:
        """The same, with no more time than that."""
        if seconds is None or (self.seconds is not None and self.seconds <= seconds):
            return self
        return self.model_copy(update={"seconds": max(0.0, seconds)})


class DayLimits(_Strict):
    """The most that all runs of an installation may spend on one day (UTC); ``None`` is no limit."""

    calls: Annotated[int, Field(ge=1, le=2_000_000_000)] | None = None
    tokens: Annotated[int, Field(ge=1, le=2_000_000_000)] | None = None
    usd: Annotated[float, Field(gt=0, le=2000)] | None = None

    @property
    def caps(self) -> dict[str, float]:
        """Those that there are."""
        found: dict[str, float | None] = {"calls": self.calls, "tokens": self.tokens, "usd": self.usd}
        return {what: cap for what, cap in found.items() if cap is not None}


class Budgets(_Strict):
    """Limits by scope."""

    run: Limits = Limits()
    day: DayLimits = DayLimits()


class EndpointConfig(_Strict):
    """A language model behind an API.

    Attributes:
        api_key_env: name of the environment variable that holds the key; empty where the server wants none.
        timeout_s: seconds that one call may take.
        attempts: how often one call is tried in all when the server is busy or unreachable.
        repairs: how often the model is asked again when its answer does not fit the schema.
        requests_per_second: bound over all agents of the process; unset = none.
        structured_output: what the server understands of response_format.
        price: what tokens cost; needed where a budget is in money.
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
    price: Price | None = None

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
    budget: Budgets = Budgets()

    def team(self, name: str, roles: Sequence[str] = ROLES) -> Mapping[str, EmbeddedConfig | EndpointConfig]:
        """A brain for each of ``roles``, for a team or a single brain called ``name``.

        Raises:
            ConfigError: when there is neither.
        """
        if name in self.teams:
            members = self.teams[name]
            return {r: self.brains[members.get(r, members["default"])] for r in roles}
        if name in self.brains:
            return dict.fromkeys(roles, self.brains[name])
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
    if models.budget.run.usd is not None or models.budget.day.usd is not None:
        for name, config in models.brains.items():
            if isinstance(config, EndpointConfig) and config.price is None:
                raise ConfigError(
                    f"{file.name}: brains.{name}.price: is missing, so the budget in US dollars could not be kept",
                    remedy="give the price of a million prompt and completion tokens (0 for a server of your own)",
                )
    for team, members in models.teams.items():
        if "default" not in members:
            raise ConfigError(f"{file.name}: teams.{team}: a default is missing")
        for role, brain in members.items():
            if role not in (*EVERY_ROLE, "default"):
                raise ConfigError(f"{file.name}: teams.{team}.{role}: there is no such agent")
            if brain not in models.brains:
                raise ConfigError(f"{file.name}: teams.{team}.{role}: there is no brain {brain!r}")
    return models
