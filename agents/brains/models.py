"""Reads ``config/models.yaml`` strictly: which brains there are, and which agent thinks with which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agents.brains.versions import embedded_version
from ascertain.domain.canonical import digest
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR
from ascertain.variables import variables

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
        fallbacks: brains that are asked in this order where this one fails for good; theirs are not followed.
        rest_s: seconds for which an endpoint that failed for good is not asked again where another one can be.
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
    fallbacks: tuple[str, ...] = ()
    rest_s: Annotated[float, Field(ge=0, le=3600)] = 60.0

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
        """The key (``ascertain.variables``), or ``None`` where none is wanted.

        Raises:
            ConfigError: naming the variable that is not set.
        """
        if not self.api_key_env:
            return None
        if not (value := variables().get(self.api_key_env)):
            raise ConfigError(
                f"the brain {self.model} needs {self.api_key_env}, which is not set",
                remedy=f"set {self.api_key_env}, or use ASCERTAIN_BRAIN=embedded",
            )
        return value


BrainConfig = Annotated[EmbeddedConfig | EndpointConfig, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class ChainConfig:
    """Brains that stand in for each other, in order."""

    members: tuple[EmbeddedConfig | EndpointConfig, ...]

    @property
    def kind(self) -> str:
        """As the others have one."""
        return "chain"

    @property
    def version(self) -> str:
        """All that may answer: which of them did is on record with each step."""
        return " else ".join(c.version for c in self.members)


Thinker = EmbeddedConfig | EndpointConfig | ChainConfig


def endpoints(config: Thinker) -> tuple[EndpointConfig, ...]:
    """The endpoints that may be asked."""
    members = config.members if isinstance(config, ChainConfig) else (config,)
    return tuple(c for c in members if isinstance(c, EndpointConfig))


class Models(_Strict):
    """All of the file."""

    version: str
    brains: dict[str, BrainConfig]
    teams: dict[str, dict[str, str]] = Field(default_factory=dict)
    budget: Budgets = Budgets()

    def team(self, name: str, roles: Sequence[str] = ROLES) -> Mapping[str, Thinker]:
        """A brain for each of ``roles``, for a team or a single brain called ``name``.

        Raises:
            ConfigError: when there is neither.
        """
        if name in self.teams:
            members = self.teams[name]
            return {r: self._thinker(members.get(r, members["default"])) for r in roles}
        if name in self.brains:
            return dict.fromkeys(roles, self._thinker(name))
        known = ", ".join(sorted({*self.teams, *self.brains}))
        raise ConfigError(
            f"there is no brain or team {name!r} in models.yaml",
            remedy=f"ASCERTAIN_BRAIN and --brain take one of: {known}",
        )

    def _thinker(self, name: str) -> Thinker:
        config = self.brains[name]
        if isinstance(config, EmbeddedConfig) or not config.fallbacks:
            return config
        return ChainConfig((config, *(self.brains[f] for f in config.fallbacks)))

    def faults(self) -> Iterator[tuple[str, str, str | None]]:
        """What is wrong between fields: (field, what, remedy)."""
        money = self.budget.run.usd is not None or self.budget.day.usd is not None
        for name, config in self.brains.items():
            if not isinstance(config, EndpointConfig):
                continue
            if money and config.price is None:
                yield (
                    f"brains.{name}.price",
                    "is missing, so the budget in US dollars could not be kept",
                    "give the price of a million prompt and completion tokens (0 for a server of your own)",
                )
            for i, other in enumerate(config.fallbacks):
                field = f"brains.{name}.fallbacks.{i}"
                if other == name:
                    yield field, "a brain cannot stand in for itself", None
                elif other not in self.brains:
                    yield field, f"there is no brain {other!r}", f"use some of: {', '.join(sorted(self.brains))}"
                elif other in config.fallbacks[:i]:
                    yield field, f"{other!r} is named before", None
        for team, members in self.teams.items():
            if "default" not in members:
                yield f"teams.{team}", "a default is missing", None
            for role, brain in members.items():
                if role not in (*EVERY_ROLE, "default"):
                    yield f"teams.{team}.{role}", "there is no such agent", f"use some of: {', '.join(EVERY_ROLE)}"
                if brain not in self.brains:
                    yield f"teams.{team}.{role}", f"there is no brain {brain!r}", None
        for name in sorted(set(self.teams) & set(self.brains)):
            if set(self.teams[name].values()) != {name}:
                yield f"teams.{name}", "a brain has that name too, and means something else", "give one another name"


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
        wrong = [f"{'.'.join(map(str, x['loc'])) or 'the file'}: {x['msg']}" for x in e.errors(include_input=False)[:5]]
        raise ConfigError(f"{file.name}: {'; '.join(wrong)}") from None
    if found := list(models.faults()):
        remedies = dict.fromkeys(r for _, _, r in found[:5] if r)
        told = "; ".join(f"{field}: {what}" for field, what, _ in found[:5])
        raise ConfigError(f"{file.name}: {told}", remedy="; ".join(remedies) or None)
    return models
