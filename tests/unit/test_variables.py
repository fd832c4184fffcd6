"""Where settings and secrets come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.brains.models import EndpointConfig
from ascertain.connectors.connection import ConnectionEntry, resolve
from ascertain.errors import ConfigError
from ascertain.settings import load_settings
from ascertain.variables import SECRETS_DIR, variables


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "secrets"
    made.mkdir()
    monkeypatch.setenv(SECRETS_DIR, str(made))
    return made


def test_the_environment_wins_over_dotenv_and_that_over_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IN_ALL", "IN_TWO", "IN_FILES"):
        (folder / name).write_text("of a file\n")
    (folder.parent / ".env").write_text("IN_ALL=of dotenv\nIN_TWO=of dotenv\n")
    monkeypatch.setenv("IN_ALL", "of the environment")
    found = variables()
    assert [found[n] for n in ("IN_ALL", "IN_TWO", "IN_FILES")] == ["of the environment", "of dotenv", "of a file"]


def test_settings_connections_and_brains_find_their_secrets_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ASCERTAIN_DATABASE_URL", "OF_A_TENANT", "OF_A_MODEL"):
        monkeypatch.delenv(name, raising=False)
    (folder / "ASCERTAIN_DATABASE_URL").write_text("postgresql://u:p@db.internal/a\n")
    (folder / "OF_A_TENANT").write_text("s3cret")
    (folder / "OF_A_MODEL").write_text("k3y\r\n")
    assert load_settings().effective_database_url.endswith("u:p@db.internal/a")
    entry = ConnectionEntry(name="lms", system="docebo", url="https://lms.example.com", secrets={"t": "OF_A_TENANT"})
    assert resolve(entry, variables()).secrets["t"] == "s3cret"
    brain = EndpointConfig(kind="openai", base_url="https://models.example.com", model="m", api_key_env="OF_A_MODEL")
    assert brain.api_key() == "k3y"


def test_what_mounting_leaves_beside_the_files_is_no_secret(folder: Path) -> None:
    (folder / "..data").mkdir()
    (folder / "..2026").write_text("x")
    (folder / "readme.txt").write_text("x")
    assert not {"..data", "..2026", "readme.txt"} & variables().keys()


def test_a_missing_folder_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRETS_DIR, str(folder / "nowhere"))
    with pytest.raises(ConfigError, match=r"there is no folder .*nowhere"):
        load_settings()


@pytest.mark.parametrize(("content", "said"), [(b"\xff\xfe", "no UTF-8 text"), (b"x" * 70_000, "larger than 64 KiB")])
def test_a_file_that_holds_no_value_is_named_and_not_shown(folder: Path, content: bytes, said: str) -> None:
    (folder / "SOME_KEY").write_bytes(content)
    with pytest.raises(ConfigError, match=said) as e:
        variables()
    assert "SOME_KEY" in e.value.message
    assert "xxx" not in e.value.message
