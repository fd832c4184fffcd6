"""Labels come in, an audit is made of a population, and every look at a label is on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.fairness import Verdict
from ascertain.domain.fairness_access import FairnessAuditor
from ascertain.domain.fairness_audit import FairnessReport, LabelSource
from ascertain.domain.fairness_log import Outcome
from ascertain.domain.people import Learner
from ascertain.errors import ConfigError, ForbiddenError, InputError, NotFoundError
from ascertain.pipeline.fairness import make_audit, opportunity, outcomes, population
from ascertain.pipeline.fairness_labels import LabelReport, act_as_auditor, forget_labels, import_labels
from ascertain.store.groups import GroupStore, open_groups
from tests.integration.pipeline.world import ANN, BOB, World, piece

ADA = FairnessAuditor("ada")


@pytest.fixture
def groups(tmp_path: Path) -> Iterator[GroupStore]:
    store = open_groups(f"sqlite:///{tmp_path / 'groups.sqlite'}", tmp_path / "groups.key")
    yield store
    store.close()


def take_in(world: World, groups: GroupStore, file: Path, body: str, *, source: str = "HR survey") -> LabelReport:
    file.write_text(body, encoding="utf-8")
    return import_labels(
        file, world.store.units, groups, ADA, source=source, purpose="fairness audits", clock=world.clock
    )


def test_labels_come_in_by_id_or_address_and_what_is_not_said_is_no_label(
    world: World, groups: GroupStore, tmp_path: Path
) -> None:
    body = "learner,attribute,value\nE1,Sex,F\nBOB@example.org,sex, M \nE3,sex,Prefer not to say\nE9,sex,F\n"

    found = take_in(world, groups, tmp_path / "labels.csv", body)

    assert (found.rows, found.stored, found.not_said, found.changed) == (4, 2, 1, 2)
    assert found.strangers == ["labels.csv:5"]
    assert groups.read(ADA, ["E1", "E2", "E3"]) == {"E1": {"sex": "F"}, "E2": {"sex": "M"}}

    take_in(world, groups, tmp_path / "labels.csv", "learner,attribute,value\nE1,sex,unknown\n")
    assert groups.read(ADA, ["E1"]) == {}


def test_an_import_is_on_record_without_a_value_or_a_name(world: World, groups: GroupStore, tmp_path: Path) -> None:
    take_in(world, groups, tmp_path / "labels.csv", "learner,attribute,value\nE1,sex,zq-woman\nE2,sex,zq-man\n")

    with world.store.units(write=False) as uow:
        record = list(uow.audit.records())[-1]
        payload = uow.audit.open_payload(record.seq)
    assert record.action == "fairness.labels_imported"
    assert record.header["labels"] == 2
    assert payload["purpose"] == "fairness audits"
    assert "zq-" not in str(record) + str(payload)
    assert b"zq-" not in world.file.read_bytes()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("learner,sex\nE1,F\n", r"labels\.csv:1: must have the columns learner, attribute, value"),
        ("", "must have the columns"),
        ("learner,attribute,value\nE1,sex\n", r"labels\.csv:2: has 2 fields"),
        ("learner,attribute,value\n,sex,F\n", r"labels\.csv:2, field 'learner': is empty"),
        ("learner,attribute,value\nE1,the sex,F\n", r"labels\.csv:2, field 'attribute'"),
        ("learner,attribute,value\nE1,sex,F\nE2,sex," + "x" * 41, r"labels\.csv:3, field 'value'"),
        ("learner,attribute,value\nE1,sex,F\nann@example.org,sex,M\n", r"labels\.csv:3, field 'value': .* two values"),
        ('learner,attribute,value\nE1,sex,"F', r"labels\.csv:\d: is no CSV"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_stored(
    world: World, groups: GroupStore, tmp_path: Path, body: str, says: str
) -> None:
    with pytest.raises(InputError, match=says) as error:
        take_in(world, groups, tmp_path / "labels.csv", body)

    assert "F" not in str(error.value).replace("field", "")
    assert groups.counts(ADA) == {}
    assert "fairness.labels_imported" not in world.actions()


def test_a_file_that_is_not_text_or_not_there_is_refused(world: World, groups: GroupStore, tmp_path: Path) -> None:
    (tmp_path / "bytes.csv").write_bytes(b"learner,attribute,value\nE1,sex,\xff\n")

    for name, says in [("bytes.csv", "UTF-8"), ("none.csv", "cannot be read")]:
        with pytest.raises(InputError, match=says):
            import_labels(tmp_path / name, world.store.units, groups, ADA, source="s", purpose="p", clock=world.clock)


def test_labels_without_a_source_or_a_purpose_may_not_be_kept(world: World, groups: GroupStore, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a source and a purpose"):
        take_in(world, groups, tmp_path / "labels.csv", "learner,attribute,value\nE1,sex,F\n", source=" ")


def test_whoever_is_not_named_is_refused_and_the_try_is_on_record(world: World) -> None:
    assert act_as_auditor(world.store.units, "ada", ["ada"]) == ADA
    assert "fairness.refused" not in world.actions()

    with pytest.raises(ForbiddenError, match="ASCERTAIN_FAIRNESS_AUDITORS"):
        act_as_auditor(world.store.units, "eve", ["ada"])

    assert world.actions()[-1] == "fairness.refused"


def test_somebody_forgotten_has_no_labels_any_more(world: World, groups: GroupStore, tmp_path: Path) -> None:
    take_in(world, groups, tmp_path / "labels.csv", "learner,attribute,value\nE1,sex,F\nE1,faith,none of them\n")

    assert forget_labels("E1", world.store.units, groups) == 2

    assert groups.read(ADA, ["E1"]) == {}
    assert world.actions()[-1] == "fairness.labels_erased"


def test_opportunity_counts_what_each_could_leave(world: World) -> None:
    world.add(
        piece("r1", "E2", EvidenceKind.MANAGER_REVIEW),
        piece("r2", "E2", EvidenceKind.PEER_FEEDBACK),
        piece("c1", "E2", EvidenceKind.COMPLETION, content_id="sql-101"),
        piece("c2", "E2", EvidenceKind.ASSESSMENT, content_id="sql-101"),
        piece("t1", "E2", EvidenceKind.TICKET),
    )
    with world.store.units(write=False) as uow:
        before = len(uow.evidence.of("E2"))
        french = replace(BOB, language="fr", hired_on=world.clock.today().replace(year=2024))
        found = opportunity(uow, french, uow.contents.all(), world.clock.today())
        plain = opportunity(uow, BOB, uow.contents.all(), world.clock.today())

    assert (found["offered"], plain["offered"]) == (0, 4)
    assert found["evidence"] == before
    assert found["reviews"] >= 2
    assert found["work"] >= 1
    assert found["courses"] >= 1
    assert found["hours"] == 20
    assert found["tenure"] == pytest.approx(2, abs=0.01)
    assert "tenure" not in plain


def test_outcomes_say_what_was_concluded_and_leave_out_what_does_not_apply(world: World) -> None:
    with world.store.units(write=False) as uow:
        assert outcomes(uow, ANN, tuple(Outcome)) == {}
    world.assess("E1")
    skill = next(iter(world.assertions()))

    with world.store.units() as uow:
        before = outcomes(uow, ANN, tuple(Outcome))
        uow.assertions.set_state(world.assertions()[skill].id, AssertionState.ACCEPTED)
        after = outcomes(uow, ANN, tuple(Outcome))
        assert outcomes(uow, ANN, [Outcome.PATH]).keys() == {"path"}

    assert before.keys() == {"accepted", "score", "path"}
    assert 0 <= before["score"] <= 1
    assert after["accepted"] == 1


def company(world: World, groups: GroupStore, tmp_path: Path, people: int = 30) -> None:
    """Many people of whom every second one is of a group for whom reviews are written."""
    learners = [Learner(f"P{i:02}", f"Person {i:02}", f"p{i}@example.org", "Data") for i in range(people)]
    with world.store.units() as uow:
        uow.people.upsert(learners)
        uow.commit()
    world.add(*(piece(f"r{i}", f"P{i:02}", EvidenceKind.MANAGER_REVIEW) for i in range(0, people, 2)))
    rows = "".join(f"P{i:02},sex,{'F' if i % 2 else 'M'}\n" for i in range(people))
    take_in(world, groups, tmp_path / "labels.csv", f"learner,attribute,value\n{rows}")


def run(world: World, groups: GroupStore, cohort: str = "all") -> FairnessReport:
    return make_audit(world.store.units, groups, ADA, cohort=cohort, clock=world.clock)


def test_an_audit_shows_opportunity_first_and_is_kept_and_on_record(
    world: World, groups: GroupStore, tmp_path: Path
) -> None:
    company(world, groups, tmp_path)

    report = run(world, groups, "Data")

    reviews = next(t for t in report.opportunity if t.measure == "reviews")
    assert {g.group[0]: g.verdict for g in reviews.groups} == {"F": Verdict.LOWER, "M": Verdict.HIGHEST}
    assert reviews.unknown == report.labels["sex"][""] == 3, "the standard people have no label"
    assert report.sources == (LabelSource("HR survey", "fairness audits", world.clock.today()),)
    assert report.outside["accepted"] == report.people == 33, "nobody was assessed"
    assert world.actions()[-2:] == ["fairness.labels_read", "fairness.audited"]
    with world.store.units(write=False) as uow:
        made = uow.fairness.latest(population(" DATA "))
        looks = [(a.actor, a.what, a.people) for a in uow.accesses.of("P07")]
        assert uow.fairness.latest("all") is None
    assert looks == [("ada", "fairness", 33)]
    assert made is not None
    assert (made.actor, made.people, made.attributes) == ("ada", 33, ("sex",))
    assert made.flagged == len(report.findings) > 0


def test_an_audit_without_labels_people_or_the_attribute_says_so(
    world: World, groups: GroupStore, tmp_path: Path
) -> None:
    with pytest.raises(NotFoundError, match="no group labels"):
        run(world, groups)
    company(world, groups, tmp_path)
    with pytest.raises(NotFoundError, match="nobody in the cohort"):
        run(world, groups, "Nowhere")
    with pytest.raises(InputError, match="faith"):
        make_audit(world.store.units, groups, ADA, by=["sex", "faith"], clock=world.clock)
    with world.store.units(write=False) as uow:
        assert uow.fairness.all() == []
