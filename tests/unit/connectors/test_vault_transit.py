"""The master key in Vault, against a server that speaks its Transit dialect over a socket."""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ascertain.connectors.key_service import open_key_manager
from ascertain.connectors.vault_transit import VaultTransit
from ascertain.domain.key_manager import KeyManager
from ascertain.errors import ConfigError, IntegrityError, KeyGone, KeyServiceUnavailable
from ascertain.sandbox.vault import SandboxVault, VaultOptions
from ascertain.settings import Settings, load_settings

KEY, ANN, BOB = b"k" * 32, b"data key|ann", b"data key|bob"


@pytest.fixture
def vault() -> Iterator[SandboxVault]:
    with SandboxVault() as running:
        yield running


def manager(vault: SandboxVault, token: str = "") -> VaultTransit:
    return VaultTransit(vault.url, lambda: token or vault.options.token, timeout=2.0, tries=2, max_wait=0.01)


def test_it_wraps_and_unwraps_and_binds_to_the_context(vault: SandboxVault) -> None:
    transit = manager(vault)
    wrapped = transit.wrap(KEY, ANN)

    assert isinstance(transit, KeyManager)
    assert wrapped.startswith(b"vault:v1:")
    assert KEY not in wrapped
    assert transit.unwrap(wrapped, ANN) == KEY
    with pytest.raises(IntegrityError, match="changed or moved"):
        transit.unwrap(wrapped, BOB)
    with pytest.raises(IntegrityError, match="changed or moved"):
        transit.unwrap(b"something else", ANN)
    assert transit.check() == f"vault:transit/ascertain at {vault.url}, version v1"
    transit.close()


def test_after_a_rotation_both_versions_open_until_the_old_one_is_disallowed(vault: SandboxVault) -> None:
    transit = manager(vault)
    old = transit.wrap(KEY, ANN)
    transit.rotate()

    assert transit.wrap(KEY, ANN).startswith(b"vault:v2:")
    assert transit.unwrap(old, ANN) == KEY
    vault.options.keys["ascertain"].min_decryption_version = 2
    with pytest.raises(KeyGone, match="not the version"):
        transit.unwrap(old, ANN)
    del vault.options.keys["ascertain"]
    with pytest.raises(KeyGone, match="no key vault:transit/ascertain"):
        transit.wrap(KEY, ANN)


def test_a_vault_that_is_sealed_away_or_refuses_says_so(vault: SandboxVault) -> None:
    transit = manager(vault)
    vault.options.sealed = True
    with pytest.raises(KeyServiceUnavailable, match="cannot be reached") as sealed:
        transit.wrap(KEY, ANN)
    assert "unsealed" in (sealed.value.remedy or "")
    vault.options.sealed = False
    assert transit.unwrap(transit.wrap(KEY, ANN), ANN) == KEY
    with pytest.raises(KeyServiceUnavailable, match="refuses this token"):
        manager(vault, "another").wrap(KEY, ANN)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = VaultTransit(f"http://127.0.0.1:{free.getsockname()[1]}", lambda: "t", tries=1)
        with pytest.raises(KeyServiceUnavailable, match="cannot be reached"):
            nobody.wrap(KEY, ANN)


def test_another_mount_or_another_server_is_named_as_a_wrong_setting(vault: SandboxVault) -> None:
    with pytest.raises(ConfigError, match="no handler for route"):
        VaultTransit(vault.url, lambda: vault.options.token, mount="elsewhere").wrap(KEY, ANN)


def test_a_vault_that_cannot_bind_a_key_to_its_person_does_not_pass_the_check() -> None:
    old = SandboxVault(VaultOptions(knows_associated_data=False))
    with old, pytest.raises(ConfigError, match="ignores associated_data"):
        manager(old).check()


def test_a_forked_child_has_connections_of_its_own(vault: SandboxVault) -> None:
    transit = manager(vault)
    wrapped = transit.wrap(KEY, ANN)
    child = multiprocessing.get_context("fork").Process(
        target=lambda: exit(0 if transit.unwrap(wrapped, ANN) == KEY else 1)
    )
    child.start()
    child.join(20)
    assert child.exitcode == 0
    assert transit.unwrap(wrapped, ANN) == KEY


def settings(**given: object) -> Settings:
    return load_settings(_env_file=None, **given)


def test_the_settings_name_the_keeper(vault: SandboxVault, tmp_path: Path) -> None:
    file = tmp_path / "token"
    found = open_key_manager(settings(kms_url=vault.url, kms_token_file=file))
    assert found is not None
    with pytest.raises(KeyServiceUnavailable, match="KMS_TOKEN_FILE"):
        found.wrap(KEY, ANN)
    file.write_text(vault.options.token + "\n")  # Vault Agent has renewed it
    assert found.unwrap(found.wrap(KEY, ANN), ANN) == KEY
    assert open_key_manager(settings()) is None
    own = open_key_manager(settings(key_manager="tests.unit.connectors.test_vault_transit:own"))
    assert own is not None
    assert own.id == "vault:mine/k"


def own() -> VaultTransit:
    return VaultTransit("https://vault.example", lambda: "", key="k", mount="mine")


def nothing() -> str:
    return "no manager"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kms_url": "http://vault.example:8200", "kms_token": "t"}, "https://"),
        ({"kms_url": "https://vault.example"}, "needs a token"),
        ({"kms_url": "https://v", "kms_token": "t", "kms_token_file": "f"}, "not both"),
        ({"kms_url": "https://v", "kms_token": "t", "key_manager": "a:b"}, "two keepers"),
        ({"key_manager": "nowhere:made"}, "cannot be called"),
        ({"key_manager": "no function"}, "package.module:function"),
        ({"key_manager": "tests.unit.connectors.test_vault_transit:nothing"}, "gives a str"),
    ],
)
def test_settings_that_cannot_be_are_named(given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        open_key_manager(settings(**given))
