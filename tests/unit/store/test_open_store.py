"""What open_store refuses, before anything is connected."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.errors import ConfigError
from ascertain.store import open_store
from ascertain.store.engine import database_url, sqlite_file
from ascertain.store.statements import chunks


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///file:x?mode=memory&uri=true", "needs a file"),
        ("mysql://u@h/d", "no support for a mysql"),
        ("no url", "malformed"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        open_store(url, pseudonym=str, checkpoint_file=None)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_postgresql_goes_through_psycopg_3(scheme: str) -> None:
    assert database_url(f"{scheme}://u:p@h:1/d").drivername == "postgresql+psycopg"


def test_the_file_of_a_sqlite_url(tmp_path: Path) -> None:
    assert sqlite_file(database_url(f"sqlite:///{tmp_path}/a.db")) == tmp_path / "a.db"
    assert sqlite_file(database_url("sqlite:///a.db")) == Path.cwd() / "a.db"
    assert sqlite_file(database_url("postgresql://h/d")) is None


def test_folders_that_are_not_there_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    for url, checkpoints in (
        (f"sqlite:///{missing}/a.db", None),
        (f"sqlite:///{tmp_path}/a.db", missing / "checkpoints.jsonl"),
    ):
        with pytest.raises(ConfigError, match="none"):
            open_store(url, pseudonym=str, checkpoint_file=checkpoints)


def test_a_folder_in_the_place_of_the_database_is_named(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}", pseudonym=str, checkpoint_file=tmp_path / "c.jsonl")
    with pytest.raises(ConfigError, match="cannot use the database file"):
        store.migrate()


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (3, [3]), (4, [4]), (9, [4, 4, 1])])
def test_chunks_keep_order_and_lose_nothing(count: int, sizes: list[int]) -> None:
    found = list(chunks(iter(range(count)), 4))
    assert [len(c) for c in found] == sizes
    assert [x for c in found for x in c] == list(range(count))
