"""The master key under another keeper, and its rotation, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from ascertain.connectors.vault_transit import VaultTransit
from ascertain.domain.audit import verify
from ascertain.domain.key_manager import KeyManager
from ascertain.errors import ConfigError, IntegrityError, KeyGone, KeyServiceUnavailable
from ascertain.sandbox.vault import SandboxVault
from ascertain.store import Store, open_store
from ascertain.store.groups import open_groups
from ascertain.store.key_file import FileKeyManager
from tests.integration.store.samples import Ticking
from tests.integration.store.test_groups import ADA, ANN, LABELS, delivery


def pseudonym(learner_id: str) -> str:
    return f"p-{learner_id}"


PEOPLE = [f"l-{i}" for i in range(70)]
Opens = Callable[..., Store]


@pytest.fixture(scope="module")
def vault() -> Iterator[SandboxVault]:
    with SandboxVault() as running:
        yield running


@pytest.fixture
def transit(vault: SandboxVault) -> VaultTransit:
    return VaultTransit(vault.url, lambda: vault.options.token, timeout=2.0, tries=1, max_wait=0.01)


@pytest.fixture
def opens(bare_store: Store, tmp_path: Path) -> Iterator[Opens]:
    """Opens the empty database again, under any keeper."""
    made: list[Store] = []
    url = bare_store._url.render_as_string(hide_password=False)

    def one(manager: KeyManager | None = None) -> Store:
        file = tmp_path / "checkpoints.jsonl"
        made.append(open_store(url, pseudonym=pseudonym, checkpoint_file=file, clock=Ticking(), manager=manager))
        return made[-1]

    yield one
    for store in made:
        store.close()


def seal(store: Store, people: list[str]) -> None:
    with store.units() as uow:
        for person in people:
            uow.audit.append("x", actor="a", header={}, learner_id=person, payload={"of": person})
        uow.audit.append("x", actor="a", header={}, payload={"of": "all"})
        uow.commit()


def opened(store: Store) -> list[object]:
    with store.units(write=False) as uow:
        mine = [r.seq for r in uow.audit.records() if r.action == "x"]
        return [uow.audit.open_payload(n) for n in mine]


def whole(store: Store) -> bool:
    with store.units(write=False) as uow:
        return not verify(uow.audit.records(), store.checkpoints(), uow.audit.ciphertexts())


EVERYTHING: list[object] = [*({"of": p} for p in PEOPLE), {"of": "all"}]


def test_with_vault_nothing_lies_beside_the_database_and_erasing_still_destroys(
    opens: Opens, transit: VaultTransit, tmp_path: Path
) -> None:
    store = opens(transit)
    seal(store, PEOPLE[:3])
    with store.units() as uow:
        uow.kept.put("jira", {"hook": "s3cret"})
        uow.commit()

    assert not (tmp_path / "audit.key").exists()
    assert [(c.master_id, c.keys, c.present) for c in store.data_keys()] == [(transit.id, 5, True)]
    again = opens(transit)
    assert opened(again) == [*EVERYTHING[:3], {"of": "all"}]
    with again.units(write=False) as uow:
        assert uow.kept.of("jira") == {"hook": "s3cret"}
    assert again.erase_key(PEOPLE[1])
    assert opened(again) == [{"of": PEOPLE[0]}, None, {"of": PEOPLE[2]}, {"of": "all"}]
    assert whole(again)


def test_a_new_database_says_what_it_will_use(opens: Opens, transit: VaultTransit, vault: SandboxVault) -> None:
    assert opens().check_master_key() == "none is needed yet"
    assert vault.url in opens(transit).check_master_key()
    vault.options.sealed = True
    try:
        with pytest.raises(KeyServiceUnavailable):
            opens(transit).check_master_key()
    finally:
        vault.options.sealed = False


def test_a_keeper_that_is_away_leaves_nothing_half_written(
    opens: Opens, transit: VaultTransit, vault: SandboxVault
) -> None:
    store = opens(transit)
    seal(store, PEOPLE[:1])
    vault.options.sealed = True
    try:
        with store.units() as uow:
            uow.sync.set_cursor("lms", "people", {"page": 7})
            with pytest.raises(KeyServiceUnavailable):
                uow.audit.append("ingest.page", actor="a", header={}, learner_id="l-new", payload={})
        with pytest.raises(KeyServiceUnavailable):
            opened(store)
        assert whole(store)  # verifying needs no key
    finally:
        vault.options.sealed = False
    with store.units(write=False) as uow:
        assert uow.sync.cursor("lms", "people") is None
    assert len(opened(store)) == 2


def test_from_the_file_to_vault_and_on_to_a_new_version(
    opens: Opens, transit: VaultTransit, vault: SandboxVault, tmp_path: Path
) -> None:
    with_file = opens()
    seal(with_file, PEOPLE)
    with with_file.units() as uow:
        uow.kept.put("jira", {"hook": "s3cret"})
        uow.commit()
    moving = opens(transit)
    seal(moving, [PEOPLE[0], "l-late"])  # both keepers at once: what is new goes to the new one
    assert {c.present: c.keys for c in moving.data_keys()} == {True: 1, False: len(PEOPLE) + 2}
    told: list[tuple[int, int]] = []

    done = moving.rotate_master_key("ops", progress=lambda n, total: told.append((n, total)))

    assert (done.present, done.keys, done.resumed) == (transit.id, len(PEOPLE) + 3, False)
    assert told[-1] == (done.keys, done.keys)
    (tmp_path / "audit.key").unlink()
    alone = opens(transit)
    assert opened(alone) == [*EVERYTHING, {"of": PEOPLE[0]}, {"of": "l-late"}, {"of": "all"}]
    with alone.units(write=False) as uow:
        assert uow.kept.of("jira") == {"hook": "s3cret"}

    alone.rotate_master_key("ops")
    version = len(vault.options.keys["ascertain"].versions)
    vault.options.keys["ascertain"].min_decryption_version = version
    try:
        assert len(opened(opens(transit))) == len(PEOPLE) + 4
    finally:
        vault.options.keys["ascertain"].min_decryption_version = 1
    assert whole(alone)
    with alone.units(write=False) as uow:
        found = [(r.action, dict(r.header)) for r in uow.audit.records() if r.action.startswith("master_key.")]
    assert [a for a, _ in found] == ["master_key.rotation_begun", "master_key.rotated"] * 2
    assert found[1][1]["keys"] == len(PEOPLE) + 3


class Failing:
    """The key file, until it has wrapped so many keys."""

    def __init__(self, file: FileKeyManager, most: int) -> None:
        self.file, self.left = file, most

    def __getattr__(self, name: str) -> object:
        return getattr(self.file, name)

    def wrap(self, key: bytes, context: bytes) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise KeyServiceUnavailable("away")
        return self.file.wrap(key, context)


def test_a_rotation_that_is_stopped_goes_on_where_it_was(opens: Opens, tmp_path: Path) -> None:
    store = opens()
    seal(store, PEOPLE)
    file = FileKeyManager(tmp_path / "audit.key")
    first = file.id
    breaking = opens(Failing(file, 60))
    with pytest.raises(KeyServiceUnavailable):
        breaking.rotate_master_key("ops")
    assert store.rotation_under_way()
    assert {c.master_id: c.keys for c in store.data_keys()} == {first: 21, file.id: 50}
    assert opened(store) == EVERYTHING  # meanwhile everything works
    seal(store, ["l-meanwhile"])

    done = store.rotate_master_key("ops")

    assert done.resumed
    assert done.former == first
    assert [(c.master_id, c.present) for c in store.data_keys()] == [(file.id, True)]
    assert len(file.path.read_text().split()) == 1
    assert not file.knows(first)
    assert opened(store) == [*EVERYTHING, {"of": "l-meanwhile"}, {"of": "all"}]
    assert not store.rotation_under_way()
    assert whole(store)


def test_somebody_erased_during_a_rotation_stays_erased(opens: Opens, tmp_path: Path) -> None:
    store = opens()
    seal(store, PEOPLE)

    def erase(done: int, total: int) -> None:
        for person in PEOPLE[:30]:
            store.erase_key(person)

    store.rotate_master_key("ops", progress=erase)
    assert sum(c.keys for c in store.data_keys()) == len(PEOPLE) + 1 - 30
    assert opened(store)[:31] == [*[None] * 30, {"of": PEOPLE[30]}]


def test_secrets_that_the_master_key_itself_wrapped_are_read_and_renewed(opens: Opens, tmp_path: Path) -> None:
    store = opens()
    seal(store, [])
    old = b"\x01" + FileKeyManager(tmp_path / "audit.key").wrap(b"of old", b"kept secret|jira|hook")
    with store.units() as uow:
        uow.kept.put("jira", {"hook": "new"})
        uow.connection.execute(text("UPDATE kept_secrets SET value = :v"), {"v": old})
        uow.commit()
    with store.units(write=False) as uow:
        assert uow.kept.of("jira") == {"hook": "of old"}

    assert store.rotate_master_key("ops").kept_secrets == 1

    with store.units(write=False) as uow:
        assert uow.kept.of("jira") == {"hook": "of old"}
        uow.connection.execute(text("SELECT 1"))
    with store.units() as uow:
        uow.connection.execute(text("UPDATE kept_secrets SET connection = 'asana'"))
        with pytest.raises(IntegrityError, match="cannot be opened"):
            uow.kept.of("asana")


def test_a_key_that_is_gone_is_named_as_such(opens: Opens, transit: VaultTransit, vault: SandboxVault) -> None:
    store = opens(transit)
    seal(store, PEOPLE[:1])
    kept = vault.options.keys.pop("ascertain")
    try:
        with pytest.raises(KeyGone, match="vault:transit/ascertain"):
            opened(store)
        with pytest.raises(KeyGone):
            store.rotate_master_key("ops")
    finally:
        vault.options.keys["ascertain"] = kept
    with pytest.raises(ConfigError, match="wrapped by vault:transit/ascertain"):
        opened(opens())


def test_the_secret_of_the_group_labels_moves_too(empty_url: str, transit: VaultTransit, tmp_path: Path) -> None:
    file = tmp_path / "groups.key"
    first = open_groups(empty_url, file)
    first.put(ADA, delivery("d1"), LABELS)
    assert not first.rewrap()  # the file is no keeper of others' keys
    first.close()
    moved = open_groups(empty_url, file, manager=transit)
    assert moved.rewrap()
    moved.close()
    file.unlink()
    after = open_groups(empty_url, file, manager=transit)
    assert after.read(ADA, [ANN])[ANN]["sex"] == "woman"
    after.close()
    alone = open_groups(empty_url, file)
    with pytest.raises(ConfigError, match="wrapped by vault:transit/ascertain"):
        alone.counts(ADA)
    alone.close()
