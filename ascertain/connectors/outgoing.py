"""Reads ``config/outgoing.yaml``: the rules of write-back, and where messages go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ascertain.connectors.mail_out import SmtpMailer, SmtpServer
from ascertain.connectors.webhook_out import HttpWebhookSender, check_target, read_secret
from ascertain.domain.notifications import Endpoint, Mailer, MailRules, PersonName, WebhookSender
from ascertain.domain.writeback_plan import Spread, WritebackRules
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR

Variable = Annotated[str, Field(pattern=r"^([A-Z][A-Z0-9_]*)?$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Writeback(_Strict):
    human_only: bool = False
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0
    spread: Spread = Spread.EVERY


class WebhookEntry(_Strict):
    """One endpoint of the file."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
    url: str = ""
    url_env: Variable = ""
    secrets: Annotated[list[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]], Field(min_length=1, max_length=4)]
    person: PersonName = PersonName.ID
    allow_private: bool = False
    allow_http: bool = False

    @model_validator(mode="after")
    def _one_url(self) -> WebhookEntry:
        if bool(self.url) == bool(self.url_env):
            raise ValueError("give either url or url_env")
        return self


class MailEntry(_Strict):
    """The mail server of the file."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user_env: Variable = ""
    password_env: Variable = ""
    ca_file: str = ""
    sender: str = ""
    digest_hours: Annotated[float, Field(gt=0, le=8760)] = 168.0
    levels: bool = False

    @model_validator(mode="after")
    def _whole(self) -> MailEntry:
        if self.host and "@" not in self.sender:
            raise ValueError("sender: an address is needed where there is a host")
        if bool(self.user_env) != bool(self.password_env):
            raise ValueError("give both user_env and password_env, or neither")
        if self.user_env and self.security == "none":
            raise ValueError("security: a password would travel unencrypted")
        return self


class _Notifications(_Strict):
    webhooks: list[WebhookEntry] = Field(default_factory=list)
    mail: MailEntry = MailEntry()


class OutgoingFile(_Strict):
    """The whole file."""

    writeback: _Writeback = _Writeback()
    notifications: _Notifications = _Notifications()

    @property
    def rules(self) -> WritebackRules:
        """What may leave."""
        w = self.writeback
        return WritebackRules(w.human_only, w.min_confidence, w.spread)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Where messages go, with everything resolved. Without ``mailer`` there are no mails."""

    endpoints: tuple[Endpoint, ...] = ()
    senders: Mapping[str, WebhookSender] = field(default_factory=dict)
    mail: MailRules = field(default_factory=MailRules)
    mailer: Mailer | None = None


def read_outgoing(path: Path | None = None) -> OutgoingFile:
    """The file, by default the shipped one.

    Raises:
        ConfigError: naming the field at fault.
    """
    file = path or CONFIG_DIR / "outgoing.yaml"
    try:
        found = OutgoingFile.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except OSError as e:
        raise ConfigError(
            f"cannot read {file.name}: {e.strerror}", remedy="point ASCERTAIN_OUTGOING_FILE at a file that exists"
        ) from None
    except yaml.YAMLError as e:
        raise ConfigError(f"{file.name} is not valid YAML: {e}", remedy="correct that line") from None
    except ValidationError as e:
        first = e.errors()[0]
        where = ".".join(str(p) for p in first["loc"])
        raise ConfigError(
            f"{file.name}: {where}: {first['msg'].removeprefix('Value error, ')}",
            remedy="correct that field (the shipped outgoing.yaml explains each)",
        ) from None
    names = [w.name for w in found.notifications.webhooks]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise ConfigError(f"{file.name}: two webhooks are called {twice[0]}", remedy="give each a name of its own")
    return found


def open_outgoing(file: OutgoingFile, environ: Mapping[str, str], *, timeout: float = 20.0) -> Outgoing:
    """Look up addresses and secrets. Calls nobody.

    Raises:
        ConfigError: naming the variable that is missing, the secret that is malformed, the address that is refused.
    """
    senders: dict[str, WebhookSender] = {}
    for w in file.notifications.webhooks:
        url = w.url or _variable(environ, w.url_env, f"webhook {w.name}")
        check_target(w.name, url, allow_private=w.allow_private, allow_http=w.allow_http)
        secrets = [read_secret(w.name, v, _variable(environ, v, f"webhook {w.name}")) for v in w.secrets]
        senders[w.name] = HttpWebhookSender(w.name, url, secrets, allow_private=w.allow_private, timeout=timeout)
    m = file.notifications.mail
    mailer: Mailer | None = None
    if m.host:
        user = _variable(environ, m.user_env, "mail") if m.user_env else ""
        password = _variable(environ, m.password_env, "mail") if m.password_env else ""
        mailer = SmtpMailer(SmtpServer(m.host, m.port, m.security, m.sender, user, password, m.ca_file, timeout))
    return Outgoing(
        tuple(Endpoint(w.name, w.person) for w in file.notifications.webhooks),
        senders,
        MailRules(timedelta(hours=m.digest_hours), m.levels),
        mailer,
    )


def _variable(environ: Mapping[str, str], name: str, what: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise ConfigError(
            f"{what}: the environment variable {name} is not set", remedy=f"set {name} in the environment or .env"
        )
    return value
