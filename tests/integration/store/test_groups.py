"""Group labels on both databases: read by whoever may, unreadable to whoever has the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from ascertain.domain.fairness_access import (
    FairnessAuditor,
    GroupLabel,
    LabelImport,
    require_fairness_auditor,
)
from ascertain.errors import AscertainError, ConfigError, InputError, IntegrityError
from ascertain.store import Store
from ascertain.store.engine import database_url
from ascertain.store.groups import GroupStore, open_groups

ADA = FairnessAuditor("ada")
AT = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
ANN, BOB = "learner-ann", "learner-bob"
LABELS = [GroupLabel(ANN, "sex", "woman"), GroupLabel(ANN, "faith", "quaker"), GroupLabel(BOB, "sex", "man")]


def delivery(ident: str, at: datetime = AT) -> LabelImport:
    return LabelImport(ident, at, "ada", "HR survey", "fairness audits", ("faith", "sex"), 3)


@pytest.fixture
def new_store(empty_url: str, tmp_path: Path) -> Iterator[Callable[[], GroupStore]]:
    made: list[GroupStore] = []

    def make() -> GroupStore:
        made.append(open_groups(empty_url, tmp_path / "groups.key", lambda: AT))
        return made[-1]

    yield make
    for store in made:
        store.close()


def raw(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(database_url(url))
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return [tuple(r) for r in result] if result.returns_rows else []
    finally:
        engine.dispose()


def test_labels_are_kept_changed_taken_away_and_read_by_another_process(new_store: Callable[[], GroupStore]) -> None:
    store = new_store()

    assert store.put(ADA, delivery("d1"), LABELS) == 3
    assert store.put(ADA, delivery("d2"), LABELS) == 0
    assert store.put(ADA, delivery("d3"), [GroupLabel(ANN, "faith", ""), GroupLabel(BOB, "sex", "not binary")]) == 2

    again = new_store()
    assert again.read(ADA, [ANN, BOB, "nobody"]) == {ANN: {"sex": "woman"}, BOB: {"sex": "not binary"}}
    assert again.counts(ADA) == {"sex": 2}
    assert [d.id for d in again.imports(ADA)] == ["d1", "d2", "d3"]
    assert again.imports(ADA)[0] == delivery("d1")


def test_somebody_erased_leaves_nothing(new_store: Callable[[], GroupStore], empty_url: str) -> None:
    store = new_store()
    store.put(ADA, delivery("d1"), LABELS)

    assert (store.forget(ANN), store.forget(ANN)) == (2, 0)

    assert store.read(ADA, [ANN, BOB]) == {BOB: {"sex": "man"}}
    assert raw(empty_url, "SELECT count(*) FROM group_labels") == [(1,)]


def test_without_the_key_the_database_says_neither_who_nor_what(
    new_store: Callable[[], GroupStore], empty_url: str
) -> None:
    new_store().put(ADA, delivery("d1"), LABELS)

    rows = raw(empty_url, "SELECT person, attribute, sealed FROM group_labels")

    assert len(rows) == 3
    shown = b"".join(str(p).encode() + bytes(s) for p, _, s in rows if isinstance(s, bytes | memoryview))
    assert len(shown) > 3 * 64
    assert not any(word in shown for word in (b"woman", b"quaker", b"man", ANN.encode(), BOB.encode()))
    assert len({len(bytes(s)) for _, _, s in rows if isinstance(s, bytes | memoryview)}) == 1, (
        "a length tells the value"
    )


def test_a_label_moved_to_somebody_else_is_noticed(new_store: Callable[[], GroupStore], empty_url: str) -> None:
    store = new_store()
    store.put(ADA, delivery("d1"), [LABELS[0], LABELS[2]])

    one = "(SELECT sealed FROM group_labels ORDER BY person LIMIT 1)"
    raw(empty_url, f"UPDATE group_labels SET sealed = {one}")

    with pytest.raises(IntegrityError, match="sex"):
        store.read(ADA, [ANN, BOB])


def test_another_key_is_refused_and_nothing_is_overwritten(
    new_store: Callable[[], GroupStore], empty_url: str, tmp_path: Path
) -> None:
    new_store().put(ADA, delivery("d1"), LABELS)
    (tmp_path / "other.key").write_text("ab" * 32)
    other = open_groups(empty_url, tmp_path / "other.key")

    with pytest.raises(ConfigError, match=r"other\.key is not the key"):
        other.put(ADA, delivery("d2"), LABELS)
    other.close()

    assert len(new_store().read(ADA, [ANN, BOB])) == 2


def test_the_main_database_is_refused(bare_store: Store, empty_url: str, tmp_path: Path) -> None:
    url = bare_store._url.render_as_string(hide_password=False)
    groups = open_groups(url, tmp_path / "groups.key")

    with pytest.raises(ConfigError, match="must not be in the main database"):
        groups.counts(ADA)
    groups.close()

    with bare_store.units(write=False) as uow:
        assert uow.fairness.all() == []


@pytest.mark.parametrize("url", ["mysql://x", "sqlite://", "sqlite:////nowhere/at/all/groups.sqlite"])
def test_a_url_that_cannot_be_used_names_its_own_setting(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ASCERTAIN_GROUPS_URL"):
        open_groups(url, tmp_path / "groups.key")


def test_a_form_of_later_is_left_alone(new_store: Callable[[], GroupStore], empty_url: str) -> None:
    new_store().put(ADA, delivery("d1"), LABELS)
    raw(empty_url, "UPDATE group_settings SET value = '9' WHERE name = 'form'")

    with pytest.raises(ConfigError, match="form 9"):
        new_store().counts(ADA)


def test_a_value_that_does_not_fit_is_refused_whole(new_store: Callable[[], GroupStore]) -> None:
    store = new_store()

    with pytest.raises(InputError, match="64 bytes"):
        store.put(ADA, delivery("d1"), [*LABELS, GroupLabel(BOB, "faith", "x" * 65)])

    assert store.counts(ADA) == {}


def test_only_who_is_named_may_act_and_by_default_nobody() -> None:
    assert require_fairness_auditor(" Ada ", ["bob", "ada"]) == FairnessAuditor("Ada")
    for actor, named in [("ada", []), ("ada", [""]), ("", [""]), ("ada", ["adam"]), (" ", [" "])]:
        with pytest.raises(AscertainError, match="is not a fairness auditor"):
            require_fairness_auditor(actor, named)
