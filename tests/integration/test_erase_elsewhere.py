"""Erase on PostgreSQL with a queue server of one's own; then look for the person in a dump of both."""

from __future__ import annotations

import socket
import subprocess
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import JSON, Connection, Engine, LargeBinary, Table, create_engine, exc, insert, inspect, select, text

from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.outbox import RunKind, WritebackRun
from ascertain.domain.people import Learner
from ascertain.domain.rectification import Field
from ascertain.errors import AscertainError
from ascertain.jobs.valkey import binary
from ascertain.pipeline.disputes import contest
from ascertain.pipeline.rectify import rectify_person
from ascertain.pipeline.restrict import restrict, unrestrict
from ascertain.runtime import App, open_app
from ascertain.store.schema import Base
from tests.agreed import OPINIONS, agree, tell_everybody
from tests.integration.command import call
from tests.integration.job_harness import settings_in, wait_for
from tests.integration.store.conftest import schema_url
from tests.integration.test_cli_erase import fill
from tests.integration.test_cli_person import ANN, BOB, WORK

__all__ = ["schema_url"]

OLD = "Annabel Maria Oldendorf"
"""Her name before it was corrected."""
WORDS = tuple(w.casefold() for w in (ANN.id, ANN.name, ANN.email, OLD, "Quistgaard", "Oldendorf"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Address of a queue server that is not the product's own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "queue-server"
    folder.mkdir()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes", "--save", ""]
    process = subprocess.Popen([str(binary()), *options], stdout=subprocess.DEVNULL)
    client = Redis(port=port)
    try:
        wait_for(lambda: _answers(client))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        client.close()
        process.terminate()
        process.wait()


def _answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except OSError:
        return False
    except Exception as e:
        if type(e).__name__ == "ConnectionError":
            return False
        raise


def dump_tables(engine: Engine) -> str:
    """Every column of every row as text, as a dump of the database has it."""
    with engine.connect() as connection:
        schema = connection.execute(text("SELECT current_schema()")).scalar_one()
        names = inspect(connection).get_table_names(schema=schema)
        assert len(names) > 30
        rows = [f"{n}: {r[0]}" for n in names for r in connection.execute(text(f'SELECT t::text FROM "{n}" t'))]
    return "\n".join(rows).casefold()


def dump_queue(url: str, folder: Path) -> str:
    """Every key with its value, and the server's files byte by byte."""
    client: Any = Redis.from_url(url)
    read: dict[bytes, Any] = {
        b"string": client.get,
        b"hash": lambda k: {f: _unpacked(v) for f, v in client.hgetall(k).items()},
        b"set": client.smembers,
        b"zset": lambda k: client.zrange(k, 0, -1, withscores=True),
        b"list": lambda k: client.lrange(k, 0, -1),
        b"stream": client.xrange,
    }
    found = [f"{k!r}: {read[client.type(k)](k)!r}" for k in client.keys("*")]
    found += [f.read_bytes().decode("latin-1") for f in folder.rglob("*") if f.is_file()]
    client.close()
    return "\n".join(found).casefold()


def _unpacked(value: bytes) -> bytes:
    """Jobs are kept compressed."""
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


def named(where: str) -> list[str]:
    return [w for w in WORDS if w in where]


def a_row_in_every_table(engine: Engine) -> set[str]:
    """Put a row about Ann into each table that has none, with her name in its texts; the tables where that failed."""
    failed = set()
    for table in Base.metadata.sorted_tables:
        if "learner_id" not in table.c:
            continue
        with engine.begin() as connection:
            if connection.execute(select(table.c.learner_id).where(table.c.learner_id == ANN.id)).first():
                continue
            try:
                with connection.begin_nested():
                    connection.execute(insert(table).values(_sample_row(connection, table)))
            except exc.IntegrityError:
                failed.add(table.name)
    return failed


def _sample_row(connection: Connection, table: Table) -> dict[str, Any]:
    """One row about Ann; what it points to is made where there is none."""
    values: dict[str, Any] = {}
    for column in table.c:
        if column.name == "learner_id":
            values[column.name] = ANN.id
        elif column.foreign_keys:
            target = next(iter(column.foreign_keys)).column
            if (found := connection.execute(select(target).limit(1)).scalar()) is None:
                connection.execute(insert(target.table).values(_sample_row(connection, target.table)))
                found = connection.execute(select(target).limit(1)).scalar()
            values[column.name] = found
        elif isinstance(column.type, JSON):
            values[column.name] = [ANN.name]
        elif isinstance(column.type, LargeBinary):
            values[column.name] = b"x"
        else:
            kind = column.type.python_type
            words = "x" if column.primary_key else f"x {ANN.name}"  # keys are made up, never a name
            sample = {int: 1, float: 0.5, bool: True, str: words, date: date(2026, 5, 1)}
            values[column.name] = sample.get(kind, datetime(2026, 5, 1, tzinfo=UTC))
    return values


def everything_about_ann(app: App) -> None:
    """What the product itself makes: an assessed person, a correction, a dispute, a restriction, a path."""
    piece = Evidence(
        "e-1",
        ANN.id,
        EvidenceKind.PROJECT,
        "lms",
        "lms:thing:1",
        "o-1",
        "Terraform",
        WORK,
        occurred_on=date(2026, 5, 1),
    )
    before = Learner(ANN.id, OLD, ANN.email, "Data", job_profile_id="platform-engineer")
    with app.units() as uow:
        uow.people.upsert([before, BOB])
        uow.evidence.upsert([piece])
        uow.commit()
    tell_everybody(app.units)
    agree(app.units, [ANN.id], *OPINIONS)
    run = app.assess(ANN.id, trigger="test").run
    with app.units() as uow:
        rectify_person(uow, before, Field.NAME, ANN.name, reason="her name", actor=BOB.email, clock=app.clock)
        row = next(a for a in uow.assertions.of(ANN.id) if a.run_id == run.id)
        contest(
            uow,
            row.id,
            reason=f"Ask {ANN.name}.",
            actor=ANN.email,
            clock=app.clock,
            due_days=30,
            masker=app.pseudonyms,
            texts=["I built the modules."],
        )
        restrict(uow, ANN, reason="asked", actor=BOB.email, clock=app.clock)
        unrestrict(uow, ANN, reason="settled", actor=BOB.email, clock=app.clock)
        uow.commit()
    fill(app)
    with app.units() as uow:  # somebody else's texts name her under the old name, too
        told = Evidence("e-o", BOB.id, EvidenceKind.PROJECT, "lms", "lms:thing:3", "o-3", "T", f"{OLD} helped.")
        uow.evidence.upsert([told])
        uow.outbox.add(WritebackRun("w1", RunKind.PUSH, ANN.email, app.clock.now()), [])
        uow.commit()


def test_nothing_of_an_erased_person_is_left_on_postgresql_and_an_outside_queue(
    schema_url: str, server: str, tmp_path: Path
) -> None:
    app = open_app(settings_in(tmp_path, database_url=schema_url, queue_url=server))
    engine = create_engine(schema_url)
    files = tmp_path / "queue-server"
    env = {"ASCERTAIN_DATABASE_URL": schema_url, "ASCERTAIN_QUEUE_URL": server}
    try:
        everything_about_ann(app)
        failed = a_row_in_every_table(engine)
        held = app.store.held_on(ANN.id)
        about = {t.name for t in Base.metadata.sorted_tables if "learner_id" in t.c}
        assert about - set(held) == set() == failed
        assert set(named(dump_tables(engine))) >= {ANN.id.casefold(), ANN.name.casefold(), ANN.email.casefold()}
        assert ANN.id.casefold() in named(dump_queue(server, files))

        arguments = ("person", "erase", ANN.id, "--reason", "asked", "--yes", "--json")
        answer = call(*arguments, home=tmp_path / "home", env=env)
        assert answer.code == 0, answer
        assert answer.json["queue_rewritten"]
        assert named(dump_tables(engine)) == []
        assert named(dump_queue(server, files)) == []
        for file in (tmp_path / "home").rglob("*"):
            assert not file.is_file() or named(file.read_bytes().decode("latin-1").casefold()) == [], file
        verified = call("audit", "verify", home=tmp_path / "home", env=env)
        assert verified.code == 0, verified
        with app.units(write=False) as uow:
            assert uow.people.get(BOB.id) is not None
            assert next(e.text for e in uow.evidence.of(BOB.id) if e.id == "e-o") == "[erased] helped."
    except AscertainError as e:  # with its remedy
        pytest.fail(str(e))
    finally:
        app.close()
        engine.dispose()
