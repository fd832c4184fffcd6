"""Settings from the environment, ``.env`` or a folder of secrets, checked at start. ``.env.example`` documents each."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

from ascertain.errors import ConfigError
from ascertain.variables import secrets_folder

PREFIX = "ASCERTAIN_"
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """One field per environment variable ``ASCERTAIN_<NAME>``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Path(".ascertain")
    """Folder of all local state: database, queue, keys, checkpoints, taxonomies."""
    database_url: str = ""
    """SQLAlchemy URL; empty = SQLite in the home folder."""
    groups_url: str = ""
    """SQLAlchemy URL of the group labels, never the main database; empty = a SQLite file of its own in the home."""
    fairness_auditors: str = ""
    """Who may read group labels and make fairness audits: names, separated by commas; empty = nobody."""
    queue_url: str = ""
    """redis://, rediss:// or unix:// URL; empty = the embedded Valkey in the home folder."""
    queue_name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")] = "ascertain"
    """Name of the RQ queue."""
    secrets_dir: str = ""
    """Folder with a file for each variable that is not set otherwise, named like it; empty = none."""
    taxonomy: str = "starter"
    """Taxonomy to assess against: starter, or the name of an imported one (esco, onet …)."""
    embeddings: str = ""
    """Embedding model in place of the shipped encoder, provider:model through langchain; empty = the shipped one."""
    embeddings_languages: Annotated[str, Field(pattern=r"^(\*|[a-z]{2}([, ]+[a-z]{2})*)?$")] = ""
    """Languages that this model (or the vector store) reads, such as de,fr,es; * = all; empty = the taxonomy's own."""
    vector_store: str = ""
    """Function package.module:name that gives a langchain VectorStore of the skills; empty = none, in memory."""
    brain: str = "embedded"
    """Brain of the agents: embedded, or a name in config/models.yaml."""
    connectors_file: Path | None = None
    """Connections; empty = the shipped config/connectors.yaml."""
    policy_file: Path | None = None
    """Policy; empty = the shipped config/policy.yaml."""
    skill_owners_file: Path | None = None
    """Who owns which skills; empty = the shipped config/skill_owners.yaml, by which nobody does."""
    external_file: Path | None = None
    """Learning from outside; empty = the shipped config/external.yaml, by which there is none."""
    charter_file: Path | None = None
    """Who approves which change of the taxonomy; empty = the shipped config/charter.yaml."""
    rollout_file: Path | None = None
    """Pilots; empty = the shipped config/rollout.yaml, by which everybody is in reach."""
    talent_file: Path | None = None
    """Whether people are compared with openings; empty = the shipped config/talent.yaml, by which they are not."""
    mentoring_file: Path | None = None
    """Who may be whose mentor, and in which order; empty = the shipped config/mentoring.yaml."""
    schedules_file: Path | None = None
    """Sweeps; empty = the shipped config/schedules.yaml."""
    outgoing_file: Path | None = None
    """What goes out; empty = the shipped config/outgoing.yaml, by which nothing does."""
    job_timeout: Annotated[int, Field(ge=5, le=3600)] = 120
    """Seconds after which an assessment job is stopped for good."""
    stop_grace: Annotated[int, Field(ge=0, le=3600)] = 25
    """Seconds that a worker told to stop lets its job go on; then the job is handed back, for another worker."""
    limits: str = "connection=1"
    """Most jobs at once over all hosts: all, assess, connection, connection:NAME … = number"""
    http_timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds a single call to an outside system may take."""
    public_url: str = ""
    """Address under which others reach the service (https://…); empty = as the call has it (no proxy in between)."""
    webhooks_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 1200
    """Calls a minute that one address may make to one connection's webhook."""
    calls_per_minute: Annotated[int, Field(ge=2, le=1_000_000)] = 600
    """Calls a minute that one key, or one person who is signed in, may make; half of them at once."""
    notice_required: bool = True
    """Whether nobody is assessed for whom no notice is on record (see `ascertain notice`)."""
    openapi: bool = False
    """Whether everybody may read the OpenAPI description (/openapi.json), not only whoever is known."""
    actor: Annotated[str, Field(max_length=200)] = ""
    """Who uses the command line, with what was granted to them; empty = the local operator, or the login name."""
    local_operator: bool = True
    """Whether whoever runs commands here without a name may do everything; off = they need grants like anybody."""
    oidc_issuer: str = ""
    """Issuer of the identity provider, as its tokens name it (https://…); empty = nobody signs in there."""
    oidc_client_id: str = ""
    """Id of this product at the identity provider."""
    oidc_client_secret: SecretStr | None = None
    """Its secret there; empty for a public client."""
    oidc_group_claim: str = "groups"
    """Claim of the ID token that lists groups."""
    access_file: Path | None = None
    """Roles that groups give; empty = the shipped config/access.yaml, by which none does."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    """Verbosity of the log on standard error."""
    log_format: Literal["text", "json"] = "text"
    """How it is written: text for people, json for whoever collects logs (one object a line)."""
    traces_url: str = ""
    """OTLP/HTTP address that gets traces (https://…/v1/traces); empty = none are made."""
    pseudonym_key: SecretStr | None = None
    """Key of the pseudonyms (32 bytes as hex); empty = one made at first start and kept in the home folder."""
    kms_url: str = ""
    """Address of HashiCorp Vault or OpenBao, whose Transit engine wraps the data keys; empty = the file audit.key."""
    kms_mount: Annotated[str, Field(pattern=r"^[\w./-]{1,200}$")] = "transit"
    """Path at which the Transit engine is mounted."""
    kms_key: Annotated[str, Field(pattern=r"^[\w.-]{1,200}$")] = "ascertain"
    """Name of its key."""
    kms_namespace: Annotated[str, Field(pattern=r"^[\w./-]{0,200}$")] = ""
    """Namespace, where the server has some."""
    kms_token: SecretStr | None = None
    """Token for it."""
    kms_token_file: Path | None = None
    """File with the token, read before each call, such as Vault Agent's sink; in place of the token itself."""
    key_manager: str = ""
    """Function package.module:name that gives a KeyManager for another key management service; empty = none."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """In which order they count."""
        folder = secrets_folder()
        files = SecretsSettingsSource(settings_cls, folder) if folder else file_secret_settings
        return init_settings, env_settings, dotenv_settings, files

    @field_validator("queue_url")
    @classmethod
    def _queue_scheme(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return value

    @field_validator("public_url", "traces_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must start with https:// (or http://)")
        return value

    @field_validator("embeddings")
    @classmethod
    def _provider_and_model(cls, value: str) -> str:
        if value and not all(value.partition(":")):
            raise ValueError("must be provider:model, such as openai:text-embedding-3-small")
        return value

    @field_validator("kms_url")
    @classmethod
    def _safe_to_send_keys(cls, value: str) -> str:
        host = urlsplit(value).hostname or ""
        if value and not value.startswith("https://") and not (value.startswith("http://") and host in _THIS_MACHINE):
            raise ValueError("must start with https:// (http:// only for this machine)")
        return value

    @field_validator("vector_store", "key_manager")
    @classmethod
    def _module_and_function(cls, value: str) -> str:
        if value and not all(value.partition(":")):
            raise ValueError("must be package.module:function")
        return value

    @field_validator("database_url", "groups_url")
    @classmethod
    def _database_scheme(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:", "postgresql")):
            raise ValueError("must be a sqlite or postgresql URL")
        return value

    @field_validator("pseudonym_key")
    @classmethod
    def _key_length(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value():
            try:
                raw = bytes.fromhex(value.get_secret_value())
            except ValueError:
                raise ValueError("must be hexadecimal") from None
            if len(raw) < 32:
                raise ValueError("must be at least 32 bytes (64 hexadecimal digits)")
        return value

    @cached_property
    def home_dir(self) -> Path:
        """The home folder, absolute, created with access for its owner alone.

        Raises:
            ConfigError: when it cannot be created or written.
        """
        path = self.home.expanduser().absolute()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
        except OSError as e:
            if os.path.isdir(path) and path.stat().st_uid != os.geteuid():  # as a mounted volume often does
                raise ConfigError(
                    f"ASCERTAIN_HOME: {path} belongs to another user, and would be theirs to read",
                    remedy=f"point ASCERTAIN_HOME at a folder of its own within it, such as {path / 'home'}",
                ) from None
            raise ConfigError(
                f"ASCERTAIN_HOME: cannot use {path}: {e.strerror}",
                remedy="point ASCERTAIN_HOME at a folder that this user may write",
            ) from None
        if not os.access(path, os.W_OK | os.X_OK):
            raise ConfigError(
                f"ASCERTAIN_HOME: {path} is not writable",
                remedy="point ASCERTAIN_HOME at a folder that this user may write",
            )
        return path

    @property
    def effective_database_url(self) -> str:
        """The database URL in use."""
        return self.database_url or f"sqlite:///{self.home_dir / 'ascertain.sqlite'}"

    @property
    def effective_groups_url(self) -> str:
        """The URL of the group labels in use."""
        if self.groups_url:
            return self.groups_url
        folder = self.home_dir / "fairness"
        folder.mkdir(mode=0o700, exist_ok=True)
        return f"sqlite:///{folder / 'groups.sqlite'}"


def load_settings(**overrides: object) -> Settings:
    """Read and check all settings.

    Raises:
        ConfigError: naming the variable at fault and what it should be.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as e:
        first = e.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise ConfigError(
            f"{name}: {first['msg'].removeprefix('Value error, ')}",
            remedy=f"correct {name} in the environment or .env (see .env.example)",
        ) from None
