"""Opens the key manager that the settings name."""

from __future__ import annotations

import importlib
from pathlib import Path

from ascertain.connectors.vault_transit import VaultTransit
from ascertain.domain.key_manager import KeyManager
from ascertain.errors import ConfigError, KeyServiceUnavailable
from ascertain.settings import Settings


def open_key_manager(settings: Settings) -> KeyManager | None:
    """Vault's Transit engine, or what ``ASCERTAIN_KEY_MANAGER`` names; ``None`` for the key file.

    Raises:
        ConfigError: both are named, there is no token, or what is named gives no key manager.
    """
    if settings.kms_url and settings.key_manager:
        raise ConfigError(
            "ASCERTAIN_KMS_URL and ASCERTAIN_KEY_MANAGER name two keepers of one master key", remedy="leave one empty"
        )
    if settings.key_manager:
        return _of_others(settings.key_manager)
    if not settings.kms_url:
        return None
    given, file = settings.kms_token, settings.kms_token_file
    if (given is None or not given.get_secret_value()) is (file is None):
        raise ConfigError(
            "ASCERTAIN_KMS_URL needs a token: ASCERTAIN_KMS_TOKEN or ASCERTAIN_KMS_TOKEN_FILE, and not both",
            remedy="set one of them; Vault Agent writes such a file (sink)",
        )
    return VaultTransit(
        settings.kms_url,
        (lambda: _read(file)) if file is not None else (lambda: given.get_secret_value() if given else ""),
        key=settings.kms_key,
        mount=settings.kms_mount,
        namespace=settings.kms_namespace,
    )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as e:
        raise KeyServiceUnavailable(
            f"ASCERTAIN_KMS_TOKEN_FILE: cannot read {file.name}: {e}", remedy="look whether Vault Agent runs"
        ) from None


def _of_others(factory: str) -> KeyManager:
    module, _, name = factory.partition(":")
    try:
        manager = getattr(importlib.import_module(module), name)()
    except (ImportError, AttributeError, TypeError, ValueError) as e:
        raise ConfigError(
            f"ASCERTAIN_KEY_MANAGER: {factory!r} cannot be called: {e}",
            remedy="write package.module:function, a function without arguments that gives a KeyManager (docs/keys.md)",
        ) from None
    if not isinstance(manager, KeyManager):
        raise ConfigError(f"ASCERTAIN_KEY_MANAGER: {factory!r} gives a {type(manager).__name__}, not a KeyManager")
    return manager
