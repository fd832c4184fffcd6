"""What connectors that write promise: read, write, read back; a repeat changes nothing; what was there comes back."""

from __future__ import annotations

import copy
import time
from datetime import date
from typing import cast

import pytest

from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.skills import Level
from ascertain.domain.writeback import Intended, SkillClaim, WritesSkills, WriteState
from tests.contract.bench import Bench
from tests.contract.specs import SPECS, Pen, Spec

CLAIMS = (
    SkillClaim("as_1", "terraform", "Terraform", Level.PRACTITIONER, 0.91, date(2026, 5, 4), "urn:skill:terraform"),
    SkillClaim("as_2", "sql", "SQL & “Größen”; joins", Level.FOUNDATION, 0.84, date(2026, 4, 2), "urn:skill:sql"),
)
writing = pytest.mark.parametrize(
    ("spec", "pen"), [(s, s.pen) for s in SPECS.values() if s.pen], ids=[n for n, s in SPECS.items() if s.pen]
)


class Desk:
    """A connection that writes, and one account."""

    def __init__(self, spec: Spec, pen: Pen, bench: Bench) -> None:
        connector = bench.connect(spec, options=pen.options)
        self.connector = cast(WritesSkills, connector)
        self.live = bench.sandbox(spec).company
        self.account = pen.account(self.live)
        self.user = SourceRef(spec.system, Entity.USER, self.account)
        self.targets = [t.id for t in self.connector.targets()]
        self.pen = pen

    def kept(self) -> object:
        return copy.deepcopy(self.pen.written(self.live, self.account))

    def read(self, expected: str | None, target: str) -> str | None:
        """What the target holds, waiting a little for systems that lag."""
        until = time.monotonic() + min(3.0, self.connector.lag.total_seconds())
        while (found := self.connector.read(self.user, [target])[target]) != expected and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def intended(self, claims: tuple[SkillClaim, ...]) -> list[Intended]:
        return list(self.connector.intend(self.user, claims))


@pytest.fixture
def desk(spec: Spec, pen: Pen, bench: Bench) -> Desk:
    found = Desk(spec, pen, bench)
    assert found.targets, "the spec's options switch writing on"
    return found


@writing
def test_intentions_are_pure(spec: Spec, pen: Pen, desk: Desk) -> None:
    intended = desk.intended(CLAIMS)
    assert desk.intended(CLAIMS) == intended
    key = lambda i: i.target  # noqa: E731
    same = [(i.target, i.value) for i in sorted(intended, key=key)]
    assert [(i.target, i.value) for i in sorted(desk.intended(CLAIMS[::-1]), key=key)] == same
    assert {a for i in intended for a in i.assertion_ids} == {c.assertion_id for c in CLAIMS}
    assert {i.target for i in intended} <= set(desk.targets)
    assert all(i.value is None for i in desk.intended(()))
    assert desk.kept() == desk.kept()


@writing
def test_written_is_read_and_a_repeat_changes_nothing(spec: Spec, pen: Pen, desk: Desk) -> None:
    for number, intended in enumerate(i for i in desk.intended(CLAIMS) if i.value is not None):
        before = desk.kept()
        done = desk.connector.write(desk.user, intended.target, intended.value, request_id=f"a-{number}")
        assert done.state in (WriteState.WRITTEN, WriteState.QUEUED), done.reason
        assert desk.read(intended.value, intended.target) == intended.value
        written = desk.kept()
        assert written != before, "the sandbox saw it"
        again = desk.connector.write(desk.user, intended.target, intended.value, request_id=f"a-{number}")
        assert again.state is not WriteState.REJECTED
        assert desk.read(intended.value, intended.target) == intended.value
        assert desk.kept() == written


@writing
def test_what_was_there_comes_back_byte_for_byte(spec: Spec, pen: Pen, desk: Desk) -> None:
    """Whatever the targets hold at first: one skill, then two, then what was there before."""
    append_only = {t.id for t in desk.connector.targets() if t.append_only}
    first = {i.target: i.value for i in desk.intended(CLAIMS[:1]) if i.value is not None}
    for target, value in first.items():
        desk.connector.write(desk.user, target, value, request_id=f"b-{target}")
    before = {t: desk.read(first.get(t), t) for t in desk.targets}
    second = {i.target: i.value for i in desk.intended(CLAIMS) if i.value is not None}
    for target, value in second.items():
        desk.connector.write(desk.user, target, value, request_id=f"c-{target}")
        assert desk.read(value, target) == value
        others = {t: v for t, v in before.items() if t not in second}
        assert {t: desk.connector.read(desk.user, [t])[t] for t in others} == others, "other targets were touched"
    for target in second if pen.clears else first:
        desk.connector.write(desk.user, target, before[target], request_id=f"d-{target}")
        assert desk.read(before[target], target) == before[target], target
    for target in second:
        held = None if pen.clears else desk.read(second[target], target)
        done = desk.connector.write(desk.user, target, None, request_id=f"e-{target}")
        assert desk.read(held, target) == held
        # Moodle keeps a rating for good: then it has to say so, and nothing may have changed.
        assert pen.clears or (done.state is WriteState.REJECTED and done.reason)
        assert target not in append_only or desk.kept(), "retracting leaves the trace"


@writing
def test_an_account_that_is_not_there_is_refused(spec: Spec, pen: Pen, desk: Desk) -> None:
    stranger = SourceRef(spec.system, Entity.USER, spec.absent.get(Entity.USER, "1"))
    append_only = {t.id for t in desk.connector.targets() if t.append_only}
    replaced = [i for i in desk.intended(CLAIMS) if i.target not in append_only]
    if not replaced:
        return  # a store of statements takes them about anybody
    intended = replaced[0]
    before = desk.kept()
    done = desk.connector.write(stranger, intended.target, intended.value, request_id="f")
    assert done.state is WriteState.REJECTED
    assert done.reason
    assert desk.kept() == before
