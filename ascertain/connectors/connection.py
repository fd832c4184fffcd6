"""What a connections file (``config/connectors.yaml``) may say. Secrets are named, never written there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from httpx import URL, InvalidURL
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ascertain.connectors.addresses import is_loopback
from ascertain.connectors.parsing import FieldMap
from ascertain.domain.records import Entity
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


def _compiles(value: str) -> str:
    try:
        re.compile(value)
    except re.error as e:
        raise ValueError(f"not a regular expression: {e}") from None
    return value


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression among a connector's options."""
O = TypeVar("O", bound=BaseModel)  # noqa: E741


class ConnectionEntry(BaseModel):
    """One entry of the file.

    ``url`` or ``url_env`` (the variable that holds it), or ``path`` for a system that is a folder. ``secrets`` maps
    what the connector needs to variables. ``job_profiles`` maps the source's job codes to job profile ids. ``fields``
    maps, for each entity, the product's field names to the tenant's. ``options`` are the connector's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Name
    system: Name
    enabled: bool = True
    url: str = ""
    url_env: Variable | None = None
    path: str = ""
    allow_http: bool = False
    secrets: dict[str, Variable] = Field(default_factory=dict)
    timezone: str = "UTC"
    job_profiles: dict[str, str] = Field(default_factory=dict)
    fields: dict[Entity, dict[str, str]] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{value!r} is not a time zone name such as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _one_url(self) -> ConnectionEntry:
        if [bool(self.url), bool(self.url_env), bool(self.path)].count(True) != 1:
            raise ValueError("give either url or url_env (or path, for a folder)")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    connections: list[ConnectionEntry]


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection with everything resolved. ``url`` is empty where there is a ``path``."""

    name: str
    system: str
    url: str
    zone: ZoneInfo
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    job_profiles: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[Entity, FieldMap] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""

    def secret(self, key: str) -> str:
        """A secret that the connector cannot do without."""
        if key not in self.secrets:
            raise ConfigError(
                f"connection {self.name}: secrets.{key} is not given",
                remedy=f"name the environment variable that holds it under secrets.{key}",
            )
        return self.secrets[key]

    def options_as(self, model: type[O]) -> O:
        """The options, checked by the connector's model."""
        try:
            return model.model_validate(dict(self.options))
        except ValidationError as e:
            first = e.errors()[0]
            place, unknown = ".".join(map(str, first["loc"])), first["type"] == "extra_forbidden"
            known = unknown and len(first["loc"]) == 1
            raise ConfigError(
                f"connection {self.name}: options.{place}: {'there is no such option' if unknown else first['msg']}",
                remedy=f"choose among {', '.join(sorted(model.model_fields))}"
                if known
                else "correct it in the connections file",
            ) from None

    def field_map(self, entity: Entity, defaults: FieldMap) -> FieldMap:
        """The connector's map of an entity with the tenant's changes; an empty name switches a field off.

        Raises:
            ConfigError: for a field the product does not know.
        """
        own = self.fields.get(entity, {})
        if strange := sorted(set(own) - set(defaults)):
            raise ConfigError(
                f"connection {self.name}: fields.{entity.value}.{strange[0]} is not a field of the product",
                remedy=f"choose among {', '.join(sorted(defaults))}",
            )
        return {k: v for k, v in {**defaults, **own}.items() if v}

    def job_profile(self, code: str) -> str | None:
        """The job profile of a job code, if the connection maps it."""
        return self.job_profiles.get(code)


def read_entries(path: Path | None = None) -> list[ConnectionEntry]:
    """The enabled connections of a file, by default the shipped one.

    Raises:
        ConfigError: naming the field at fault.
    """
    file = path or CONFIG_DIR / "connectors.yaml"
    try:
        doc = _File.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except OSError as e:
        raise ConfigError(
            f"cannot read the connections {file.name}: {e.strerror}",
            remedy="point ASCERTAIN_CONNECTORS_FILE at a file that exists",
        ) from None
    except ValidationError as e:
        first = e.errors()[0]
        raise ConfigError(
            f"{file.name}: {'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}",
            remedy="correct that field (the shipped connectors.yaml explains each)",
        ) from None
    except yaml.YAMLError as e:
        raise ConfigError(f"{file.name} is not valid YAML: {e}") from None
    names = [c.name for c in doc.connections]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise ConfigError(f"{file.name}: two connections are called {twice[0]}", remedy="give each a name of its own")
    return [c for c in doc.connections if c.enabled]


def resolve(entry: ConnectionEntry, environ: Mapping[str, str]) -> Connection:
    """Look up the URL and the secrets.

    Raises:
        ConfigError: naming the variable that is missing, or a URL that would send credentials in the clear.
    """
    url = "" if entry.path else _checked_url(entry, environ)
    return Connection(
        name=entry.name,
        system=entry.system,
        url=url,
        zone=ZoneInfo(entry.timezone),
        secrets={k: _variable(entry, f"secrets.{k}", v, environ) for k, v in entry.secrets.items()},
        job_profiles=entry.job_profiles,
        fields=entry.fields,
        options=entry.options,
        path=entry.path,
    )


def _checked_url(entry: ConnectionEntry, environ: Mapping[str, str]) -> str:
    url = entry.url or _variable(entry, "url_env", entry.url_env or "", environ)
    try:
        parsed = URL(url)
    except InvalidURL:
        parsed = URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ConfigError(f"connection {entry.name}: {entry.url_env or 'url'} is not an http(s) URL")
    if parsed.scheme == "http" and not is_loopback(url) and not entry.allow_http:
        raise ConfigError(
            f"connection {entry.name}: {entry.url_env or 'url'} would send credentials unencrypted",
            remedy="use https, or set allow_http: true for a network you trust",
        )
    return url.rstrip("/")


def _variable(entry: ConnectionEntry, key: str, variable: str, environ: Mapping[str, str]) -> str:
    value = environ.get(variable, "")
    if not value:
        raise ConfigError(
            f"connection {entry.name}: the environment variable {variable} ({key}) is not set",
            remedy=f"set {variable} in the environment or .env, or set enabled: false for this connection",
        )
    return value
