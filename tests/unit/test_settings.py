"""Settings: read from the environment and ``.env``, each wrong one named, the home folder private."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dotenv import dotenv_values

from ascertain.errors import ConfigError
from ascertain.settings import PREFIX, Settings, load_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
NOBODY = 65534


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and no settings of the machine."""
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_holds_every_setting_with_its_default(elsewhere: Path) -> None:
    documented = dotenv_values(EXAMPLE)
    assert sorted(documented) == sorted(PREFIX + name.upper() for name in Settings.model_fields)
    (elsewhere / ".env").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    from_example = load_settings()
    (elsewhere / ".env").unlink()
    assert from_example == load_settings()
    for name, value in documented.items():
        default = Settings.model_fields[name.removeprefix(PREFIX).lower()].default
        assert value == (
            "" if default in (None, "") else f"{default:g}" if isinstance(default, float) else str(default)
        )


def test_every_setting_of_the_example_is_explained() -> None:
    blocks = EXAMPLE.read_text(encoding="utf-8").split("\n\n")[1:]
    assert all(b.startswith("# ") and PREFIX in b for b in blocks)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("QUEUE_URL", "http://localhost", "must start with redis://, rediss:// or unix://"),
        ("QUEUE_NAME", "Has Spaces", "pattern"),
        ("DATABASE_URL", "mysql://x", "must be a sqlite or postgresql URL"),
        ("JOB_TIMEOUT", "4", "greater than or equal to 5"),
        ("JOB_TIMEOUT", "3601", "less than or equal to 3600"),
        ("JOB_TIMEOUT", "soon", "integer"),
        ("HTTP_TIMEOUT", "0", "greater than 0"),
        ("HTTP_TIMEOUT", "601", "less than or equal to 600"),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("PSEUDONYM_KEY", "xyz", "must be hexadecimal"),
        ("PSEUDONYM_KEY", "ab" * 31, "at least 32 bytes"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(ConfigError) as e:
        load_settings()
    assert e.value.message.startswith(f"{PREFIX}{name}: ")
    assert says in e.value.message
    assert e.value.remedy == f"correct {PREFIX}{name} in the environment or .env (see .env.example)"
    assert e.value.exit_code == 2


def test_a_wrong_key_is_not_repeated_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASCERTAIN_PSEUDONYM_KEY", "5ec2e7" * 5)
    with pytest.raises(ConfigError) as e:
        load_settings()
    assert "5ec2e7" not in str(e.value)


def test_a_key_is_not_printed() -> None:
    settings = load_settings(pseudonym_key="5ec2e7" * 11)
    assert "5ec2e7" not in repr(settings)
    assert "5ec2e7" not in settings.model_dump_json()


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("QUEUE_URL", "unix:///run/valkey.sock", "unix:///run/valkey.sock"),
        ("QUEUE_URL", "rediss://host:6379/0", "rediss://host:6379/0"),
        ("DATABASE_URL", "postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("JOB_TIMEOUT", "5", 5),
        ("HTTP_TIMEOUT", "0.5", 0.5),
        ("POLICY_FILE", "my/policy.yaml", Path("my/policy.yaml")),
        ("TAXONOMY", "esco", "esco"),
    ],
)
def test_a_right_value_is_read(name: str, value: str, read: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    assert getattr(load_settings(), name.lower()) == read


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_an_empty_value_means_the_default(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), "")
    assert load_settings() == Settings()
    assert getattr(load_settings(), name) == Settings.model_fields[name].default


def test_dotenv_is_read_and_the_environment_wins(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / ".env").write_text("ASCERTAIN_TAXONOMY=esco\nASCERTAIN_BRAIN=mine\nOTHER=1\n")
    monkeypatch.setenv("ASCERTAIN_BRAIN", "theirs")
    settings = load_settings()
    assert (settings.taxonomy, settings.brain) == ("esco", "theirs")
    assert load_settings(taxonomy="starter").taxonomy == "starter"


def test_a_wrong_value_in_dotenv_is_named(elsewhere: Path) -> None:
    (elsewhere / ".env").write_text("ASCERTAIN_JOB_TIMEOUT=never\n")
    with pytest.raises(ConfigError, match="ASCERTAIN_JOB_TIMEOUT"):
        load_settings()


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().taxonomy = "esco"


def test_redis_url_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    assert load_settings().queue_url == ""


def test_the_home_folder_is_private_absolute_and_made_once(elsewhere: Path) -> None:
    settings = load_settings()
    assert not (elsewhere / ".ascertain").exists()  # reading settings leaves no trace
    home = settings.home_dir
    assert home == elsewhere / ".ascertain"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert settings.effective_database_url == f"sqlite:///{home}/ascertain.sqlite"


def test_an_open_home_folder_is_closed(elsewhere: Path) -> None:
    home = elsewhere / "state"
    home.mkdir(mode=0o755)
    assert stat.S_IMODE(load_settings(home=home).home_dir.stat().st_mode) == 0o700


def test_the_home_of_the_user_is_expanded(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(elsewhere))
    assert load_settings(home="~/deep/state").home_dir == elsewhere / "deep" / "state"


def test_a_home_that_is_a_file_is_named(elsewhere: Path) -> None:
    (elsewhere / "taken").write_text("")
    for path in ("taken", "taken/below"):
        with pytest.raises(ConfigError, match="ASCERTAIN_HOME: cannot use") as e:
            _ = load_settings(home=path).home_dir
        assert "point ASCERTAIN_HOME" in (e.value.remedy or "")


@contextmanager
def _without_rights(folder: Path) -> Iterator[None]:
    """Take away the right to write ``folder``; a superuser must become somebody else for that."""
    folder.chmod(0o500)
    root = os.getuid() == 0
    try:
        if root:
            os.setresuid(NOBODY, NOBODY, 0)
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)
        folder.chmod(0o700)


def test_an_unwritable_home_is_named(elsewhere: Path) -> None:
    locked = elsewhere / "locked"
    locked.mkdir()
    settings = load_settings(home=locked / "state")
    with _without_rights(locked), pytest.raises(ConfigError, match="ASCERTAIN_HOME: cannot use") as e:
        _ = settings.home_dir
    assert "point ASCERTAIN_HOME" in (e.value.remedy or "")
    assert not (locked / "state").exists()


def test_an_explicit_database_is_used_as_it_is() -> None:
    assert load_settings(database_url="sqlite:////data/a.db").effective_database_url == "sqlite:////data/a.db"
