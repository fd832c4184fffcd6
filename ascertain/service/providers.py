"""Reads how people sign in: the identity provider of the settings, and what its groups give."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ascertain.domain.permission import GRANTABLE, Role
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR
from ascertain.service.oidc import OidcClient
from ascertain.settings import Settings

_NEED_PLACES = (Role.HRBP, Role.L_AND_D)


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    role: Role
    populations: list[Annotated[str, Field(min_length=1)]] = []


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    groups: dict[str, _Given] = {}


def identity_provider(settings: Settings) -> OidcClient | None:
    """The provider of the settings, or ``None`` where none is named. Nothing is called yet.

    Raises:
        ConfigError: it is named by half.
    """
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id:
        raise ConfigError("ASCERTAIN_OIDC_CLIENT_ID is missing", remedy="give the id of this product at the provider")
    secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else ""
    return OidcClient(settings.oidc_issuer, settings.oidc_client_id, secret, group_claim=settings.oidc_group_claim)


def read_groups(path: Path | None) -> dict[str, tuple[Role, tuple[str, ...]]]:
    """Role and populations by group.

    Raises:
        ConfigError: naming the group or field at fault.
    """
    file = path or CONFIG_DIR / "access.yaml"
    try:
        found = _Document.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as e:
        raise ConfigError(f"cannot read {file.name}: {e}", remedy="see ASCERTAIN_ACCESS_FILE") from None
    except ValidationError as e:
        first = e.errors()[0]
        raise ConfigError(f"{file.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    for group, given in found.groups.items():
        if given.role not in GRANTABLE - {Role.SKILL_OWNER} or (given.role in _NEED_PLACES) is not bool(
            given.populations
        ):
            raise ConfigError(
                f"{file.name}: group {group!r} cannot give {given.role} so",
                remedy="hrbp and l_and_d need populations, other granted roles have none; see docs/permissions.md",
            )
    return {group: (given.role, tuple(given.populations)) for group, given in found.groups.items()}
