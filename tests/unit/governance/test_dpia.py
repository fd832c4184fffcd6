"""A new source, table or way out without an entry in the data-protection impact assessment fails here."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
import typer.main
import yaml
from fastapi.routing import APIRoute

from agents.brains.models import EmbeddedConfig, EndpointConfig
from ascertain.cli import app
from ascertain.connectors import registry
from ascertain.connectors.registry import connector_class, systems
from ascertain.domain.evidence import SENSITIVE_KINDS, EvidenceKind
from ascertain.domain.records import Entity
from ascertain.paths import CONFIG_DIR
from ascertain.service.app import ROUTERS
from ascertain.settings import Settings
from ascertain.store import schema_groups
from ascertain.store.schema import Base
from tests.unit.governance import sources
from tests.unit.governance.pages import DPIA, Row, section, spans

SOURCES = section(DPIA, "Sources: system by system")
RECORDS = section(DPIA, "Sources: what a record holds")
EVIDENCE = section(DPIA, "Sources: what it becomes")
WAYS_IN = section(DPIA, "Other ways in")
TABLES = section(DPIA, "Where it is kept")
WAYS_OUT = section(DPIA, "What leaves")


def _key(row: Row, column: str) -> str:
    found = spans(row[column])
    assert found, f"{row}: {column} names nothing in a code span"
    return found[0]


def _by(rows: list[Row], column: str) -> dict[str, Row]:
    found = {_key(r, column): r for r in rows}
    assert len(found) == len(rows), f"something stands twice under {column}"
    return found


def test_every_source_has_its_row() -> None:
    """Connector × kind of record × kind of evidence, as the connectors themselves have it."""
    told = {(_key(r, "System"), _key(r, "Record")): frozenset(spans(r["Becomes evidence"])) for r in SOURCES}
    assert len(told) == len(SOURCES)
    assert told == sources.expected()
    assert {system for system, _ in told} == set(systems())


def test_a_source_that_nobody_wrote_down_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above is as good as what it compares with: a new connector, and a new kind of record of an old one."""
    told = sources.expected()
    monkeypatch.setitem(registry.BUILT_IN, "novel", "ascertain.connectors.docebo:DoceboConnector")
    with pytest.raises(AssertionError, match="novel"):
        sources.expected()
    monkeypatch.undo()
    named = sources.mentioned
    monkeypatch.setattr(
        sources, "mentioned", lambda system, enum: named(system, enum) | ({"message"} if system == "jira" else set())
    )
    assert set(sources.expected()) - set(told) == {("jira", "message")}


def test_every_kind_of_record_says_what_it_holds() -> None:
    rows = _by(RECORDS, "Record")
    assert set(rows) == {e.value for e in Entity}
    for entity in sources.RECORDS:
        assert set(spans(rows[entity.value]["Fields"])) == sources.fields(entity), entity


def test_every_kind_of_evidence_has_purpose_basis_and_end() -> None:
    rows = _by(EVIDENCE, "Evidence")
    assert set(rows) == {k.value for k in EvidenceKind}
    for kind in EvidenceKind:
        opinion = "sensitive" in rows[kind.value]["Sensitivity"]
        assert opinion == (kind in SENSITIVE_KINDS), kind


def _commands(command: Any = None, words: tuple[str, ...] = ("ascertain",)) -> list[tuple[str, Any]]:
    """Every command of the product, with its name in full."""
    command = typer.main.get_command(app) if command is None else command
    inner = getattr(command, "commands", {})
    return (
        [c for n, sub in inner.items() for c in _commands(sub, (*words, n))] if inner else [(" ".join(words), command)]
    )


def _routes(methods: set[str]) -> set[str]:
    """The service's routes: method and path."""
    found = [r for router in ROUTERS for r in router.routes if isinstance(r, APIRoute)]
    return {f"{m} {r.path}" for r in found for m in (r.methods or set()) & methods}


def _writes_files(command: Any) -> bool:
    return bool({"--out", "--html", "--csv"} & {o for p in command.params for o in p.opts})


def test_every_other_way_in_has_its_row() -> None:
    """Routes that take something, and commands that import."""
    told = set(_by(WAYS_IN, "Way in"))
    routes = _routes({"POST", "PUT", "PATCH", "DELETE"})
    commands = {name for name, _ in _commands() if name.endswith(" import")}
    assert routes
    assert commands
    assert not (routes | commands) - told
    infer = _by(WAYS_IN, "Way in")["POST /v1/skills/infer"]
    schema = json.loads((CONFIG_DIR / "schemas" / "infer.schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]["activity_type"]["enum"]) == set(spans(infer["What comes"]))


def test_every_table_has_its_row() -> None:
    tables = {t.name: t for t in (*Base.metadata.sorted_tables, *schema_groups.GroupBase.metadata.sorted_tables)}
    rows = _by(TABLES, "Table")
    assert set(rows) == set(tables)
    people = {"learners"}
    while more := {
        t.name
        for t in tables.values()
        if t.name not in people and {k.column.table.name for k in t.foreign_keys} & people
    }:
        people |= more
    people |= {t.name for t in tables.values() if {"learner_id", "subject", "person"} & set(t.c.keys())}
    for name in tables:
        answer = rows[name]["About a person"].partition(":")[0]
        assert answer in {"yes", "in texts", "keyed", "no"}, f"{name}: {answer}"
        assert (answer in {"yes", "keyed"}) or name not in people, f"{name} refers to people"


def _writers() -> set[str]:
    """Systems whose connector can write."""
    parts = ("targets", "intend", "read", "write")
    return {s for s in systems() if all(hasattr(connector_class(s), p) for p in parts)}


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param(lambda: {f"write-back: {s}" for s in _writers()}, id="write-back"),
        pytest.param(
            lambda: {
                f"brain {kind}"
                for config in (EmbeddedConfig, EndpointConfig)
                for kind in get_args(config.model_fields["kind"].annotation)
                if kind != "embedded"
            },
            id="brains",
        ),
        pytest.param(
            lambda: {
                f"outgoing: notifications.{channel}"
                for channel in yaml.safe_load((CONFIG_DIR / "outgoing.yaml").read_text(encoding="utf-8"))[
                    "notifications"
                ]
            },
            id="notifications",
        ),
        pytest.param(
            lambda: {
                f"ASCERTAIN_{name.upper()}"
                for name in Settings.model_fields
                if name.endswith(("_url", "_issuer", "embeddings", "vector_store")) and name != "public_url"
            },
            id="settings",
        ),
        pytest.param(
            lambda: {r for r in _routes({"GET", "POST", "PUT", "PATCH"}) if " /v1/" in r and " /v1/webhooks/" not in r},
            id="answers of the API",
        ),
        pytest.param(lambda: {name for name, command in _commands() if _writes_files(command)}, id="files"),
    ],
)
def test_every_way_out_has_its_row(expected: Any) -> None:
    found = expected()
    assert found
    assert not found - set(_by(WAYS_OUT, "Way out"))


def test_what_can_no_longer_leave_is_not_listed() -> None:
    known = {f"write-back: {s}" for s in systems()}
    told = {k for k in _by(WAYS_OUT, "Way out") if k.startswith("write-back: ")}
    assert told <= known
    assert told == {f"write-back: {s}" for s in _writers()}
