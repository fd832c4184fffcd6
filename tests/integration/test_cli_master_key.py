"""`master-key` and what the other commands say about the keeper of the master key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ascertain.sandbox.vault import SandboxVault
from tests.integration.command import call, granted


@pytest.fixture
def vault() -> Iterator[SandboxVault]:
    with SandboxVault() as running:
        yield running


def test_from_the_key_file_to_vault_with_the_command_line(tmp_path: Path, vault: SandboxVault) -> None:
    home, file = tmp_path / "home", tmp_path / "home" / "audit" / "audit.key"
    env = {"ASCERTAIN_KMS_URL": vault.url, "ASCERTAIN_KMS_TOKEN": vault.options.token}
    granted(home, "olga", "admin")
    assert file.exists()
    assert "file audit.key" in call("master-key", "show", home=home).out

    mixed = call("master-key", "show", "--json", home=home, env=env)
    assert [k["present"] for k in mixed.json["data_keys"]] == [False]
    refused = call("master-key", "rotate", "--as", "nobody", home=home, env=env)
    assert refused.code == 9
    moved = call("master-key", "rotate", home=home, env=env)
    assert "wrapped by vault:transit/ascertain" in moved.out
    assert "audit.key is no longer needed" in " ".join(moved.out.split())
    file.unlink()

    assert call("audit", "verify", home=home, env=env).code == 0
    shown = call("master-key", "show", "--json", home=home, env=env).json
    assert [k["present"] for k in shown["data_keys"]] == [True]
    again = call("master-key", "rotate", "--only-rewrap", "--json", home=home, env=env)
    assert again.json["rotation"]["keys"] == shown["data_keys"][0]["keys"]
    assert "rotate" not in vault.options.calls
    doctor = {c["name"]: c for c in call("doctor", "--json", home=home, env=env).json}
    assert doctor["master key"]["state"] == "ok"
    assert "vault:transit/ascertain" in doctor["master key"]["detail"]
    assert vault.options.token not in str(doctor)

    vault.options.sealed = True
    away = call("access", "grant", "otto", "auditor", home=home, env=env)
    assert (away.code, "cannot be reached" in away.err) == (6, True)
    doctor = {c["name"]: c for c in call("doctor", "--json", home=home, env=env).json}
    assert doctor["master key"]["state"] == "failed"
    assert call("audit", "verify", home=home, env=env).code == 0, "verifying needs no key"
    vault.options.sealed = False
    assert "otto" not in call("access", "list", home=home, env=env).out
    without = call("access", "grant", "otto", "auditor", home=home)
    assert (without.code, "vault:transit/ascertain" in without.err) == (2, True)
