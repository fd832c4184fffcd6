"""The auditor's pages: replay with causes and without figures, who read, the rules in force, calibration, fairness."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ascertain.domain.access import Scope
from ascertain.domain.calibration import NONE
from ascertain.domain.permission import Role
from ascertain.pipeline.grants import permission_matrix
from ascertain.pipeline.keys import create_key
from ascertain.pipeline.retain import place_hold
from ascertain.report.fairness_kept import keep_report
from ascertain.runtime import App
from tests.integration.pipeline.world import World
from tests.integration.service.audit_material import candidate, fairness_report, on_record
from tests.integration.service.pages_world import Page, Visitor, app_on, assessed_world

AUDITOR: dict[Role, tuple[str, ...]] = {Role.AUDITOR: ()}
LEARNING: dict[Role, tuple[str, ...]] = {Role.L_AND_D: ("all",)}
FOR_AUDITORS = (
    "/audit",
    "/audit/chain",
    "/audit/export.jsonl",
    "/audit/checkpoints.jsonl",
    "/audit/audit_verifier.py",
    "/audit/replay",
    "/audit/access",
    "/audit/calibration",
    "/audit/permissions",
    "/audit/retention",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with assessed_world(tmp_path_factory.mktemp("pages")) as made:
        yield made


@pytest.fixture(scope="module")
def app(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with app_on(world, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
def auditor(app: App) -> Visitor:
    return Visitor(app, "audit@example.org", AUDITOR)


@pytest.fixture(scope="module")
def fair(app: App) -> Visitor:
    return Visitor(app, "fair@example.org", {Role.FAIRNESS_AUDITOR: ()})


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_each_role_is_offered_and_given_its_parts_of_the_audit(app: App, auditor: Visitor, fair: Visitor) -> None:
    every = (*FOR_AUDITORS, "/audit/fairness")
    learner = Visitor(app, "ann@example.org")
    trainer = Visitor(app, "ld@example.org", LEARNING)
    assert {p for p in every if auditor.status(p) == 200} == set(FOR_AUDITORS)
    assert {p for p in every if fair.status(p) == 200} == {"/audit/fairness"}
    assert {p for p in every if trainer.status(p) == 200} == {"/audit/calibration"}
    assert {p for p in every if learner.status(p) == 200} == set()
    assert 'href="/audit/fairness"' in fair.get("/audit/fairness"), "the menu leads to what they may see"
    assert fair.client.get("/").headers["location"] == "/audit/fairness"


def test_no_page_of_the_auditor_names_a_person(app: App, auditor: Visitor) -> None:
    Visitor(app, "chi@example.org").get("/team")
    for path in (*FOR_AUDITORS, "/audit/replay?sample=20&seed=1"):
        told = auditor.client.get(path).text
        assert not [n for n in ("Ann Archer", "Bob", "ann@example.org", "chi@example.org") if n in told], path


def test_a_run_is_built_again_from_its_record(auditor: Visitor) -> None:
    record = auditor.get("/audit?action=run.concluded")
    number = re.search(r"/audit/records/(\d+)", record)
    assert number
    link = re.search(r'href="(/audit/replay\?run=[^"]+)"', auditor.get(number.group()))
    assert link, "the record of a run leads to its replay"
    page = words(auditor.get(link.group(1)))
    assert "all byte for byte the same" in page


def test_what_differs_is_named_with_its_cause_and_without_a_figure(world: World, auditor: Visitor) -> None:
    ((ident, evidence),) = world.sql(
        "SELECT a.id, e.id FROM assertions a JOIN evidence e ON e.learner_id = a.learner_id "
        "WHERE a.inputs LIKE '%' || e.id || '%' AND e.score IS NOT NULL AND a.confidence IS NOT NULL LIMIT 1"
    )
    ((before,),) = world.sql("SELECT score FROM evidence WHERE id = :i", i=evidence)
    world.sql("UPDATE evidence SET score = 0.123 WHERE id = :i", i=evidence)
    try:
        page = words(auditor.get(f"/audit/replay?assertion={ident}"))
    finally:
        world.sql("UPDATE evidence SET score = :s WHERE id = :i", s=before, i=evidence)
    assert "1 differ" in page
    assert f"evidence {evidence}: outcome is another now" in page
    assert "confidence is rebuilt otherwise" in page
    assert "0.123" not in page
    assert "all byte for byte the same" in words(auditor.get(f"/audit/replay?assertion={ident}"))


def test_the_same_seed_draws_the_same_sample(auditor: Visitor) -> None:
    first, second, other = (auditor.get(f"/audit/replay?sample=20&seed={s}") for s in (7, 7, 8))
    drawn = [re.findall(r"<code>(a[0-9a-f]{15})</code>", p) for p in (first, second, other)]
    assert drawn[0] == drawn[1]
    assert drawn[0]
    assert "there is no run" in words(auditor.get("/audit/replay?run=r0")).lower()


def test_an_export_with_its_checkpoints_is_checked_by_the_program_that_comes_with_it(
    auditor: Visitor, tmp_path: Path
) -> None:
    """Downloaded and run as a file of its own, as somebody without this product would."""
    for name, path in (
        ("verifier.py", "/audit/audit_verifier.py"),
        ("records.jsonl", "/audit/export.jsonl"),
        ("checkpoints.jsonl", "/audit/checkpoints.jsonl"),
    ):
        answer = auditor.client.get(path)
        assert "attachment" in answer.headers["content-disposition"]
        (tmp_path / name).write_bytes(answer.content)

    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "verifier.py", "records.jsonl", "--checkpoints", "checkpoints.jsonl"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert check().returncode == 0, check().stdout
    lines = (tmp_path / "records.jsonl").read_text(encoding="ascii").splitlines()
    (tmp_path / "records.jsonl").write_text("\n".join(lines[:-3]) + "\n", encoding="ascii")
    assert check().returncode == 8, "a cut-off end is seen by the checkpoints"
    assert auditor.client.get("/audit/export.jsonl?since=2001-01-01&until=2001-01-02").status_code == 404
    assert auditor.client.get("/audit/export.jsonl?since=soon").status_code == 422


def test_readings_are_filtered_by_reader_person_kind_and_number(app: App, auditor: Visitor) -> None:
    Visitor(app, "chi@example.org").get("/team")
    Visitor(app, "ann@example.org").get("/me")
    everything = auditor.get("/audit/access")
    reader = re.search(r"by=(R-[A-Z2-7]+)", everything)
    assert reader
    mine = auditor.get(f"/audit/access?by={reader.group(1)}")
    assert set(re.findall(r"R-[A-Z2-7]{8,}", mine)) == {reader.group(1)}
    ann = app.pseudonyms.pseudonym("E1")
    about = Page(auditor.get(f"/audit/access?subject={ann}&what=profile"))
    assert any(ann in t for t in about.tables)
    assert "No reading fits" in auditor.get("/audit/access?by=R-NOBODY")
    assert "No reading fits" in auditor.get("/audit/access?subject=P-NOBODY")
    assert "No reading fits" in auditor.get("/audit/access?least=1000")
    assert "No reading fits" in auditor.get("/audit/access?until=2001-01-01")
    assert auditor.client.get("/audit/access?least=many").status_code == 422


def test_the_matrix_on_the_page_is_the_one_that_decides(auditor: Visitor) -> None:
    html = auditor.get("/audit/permissions")
    body = html.split('class="matrix"')[1]
    rows = re.findall(r"<tr><th scope=\"row\"><code>([^<]+)</code>(.*?)</tr>", body, re.S)
    shown = {action: [words(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", rest, re.S)] for action, rest in rows}
    assert shown == {r.action.value: [", ".join(c) or "·" for c in r.cells] for r in permission_matrix()}


def test_grants_and_keys_stand_with_their_ends_and_no_secret(app: App, auditor: Visitor) -> None:
    key, secret = create_key(app.units, app.clock, "warehouse", [Scope.SKILLS_READ], actor="test", days=30)
    page = auditor.get("/audit/permissions")
    assert key.id in page
    assert "skills.read" in page
    assert secret not in page
    assert key.digest not in page


def test_retention_shows_limits_holds_and_deletions(app: App, auditor: Visitor) -> None:
    with app.units(write=False) as uow:
        ann = uow.people.get("E1")
    place_hold(app.units, app.clock, "counsel", "a claim is pending", learner=ann, cohort=None)
    page = words(auditor.get("/audit/retention"))
    assert "a claim is pending" in page
    assert app.pseudonyms.pseudonym("E1") in page
    assert "1 people are covered now" in page
    assert str(app.policy.retention.audit_days) in page


def test_a_calibration_is_approved_by_a_second_person_and_then_applied(app: App, auditor: Visitor) -> None:
    trainer = Visitor(app, "ld@example.org", LEARNING)
    own, theirs = candidate(app, "LD@example.org"), candidate(app, "somebody else")
    assert "somebody else approves it" in trainer.get(f"/audit/calibration/{own}")
    trainer.send(f"/audit/calibration/{own}/approve", reason="mine")
    assert "whoever fitted a calibration does not approve it" in trainer.get(f"/audit/calibration/{own}").lower()

    here = f"/audit/calibration/{theirs}"
    page = trainer.get(here)
    assert "assertions stand" in page
    assert f"{here}/approve" in page
    trainer.send(f"{here}/apply", reason="too early")
    assert "nobody has approved" in trainer.get(here).lower()
    trainer.send(f"{here}/approve", reason="")
    assert "a reason is missing" in trainer.get(here).lower()
    trainer.send(f"{here}/approve", reason="it is better")
    assert "it is better" in trainer.get(here)
    trainer.send(f"{here}/apply", reason="from Monday on")
    with app.units(write=False) as uow:
        record = uow.calibrations.get(str(theirs))
        assert record is not None
        assert uow.calibrations.in_use() == record.calibration.version
        assert record.approved_by == "ld@example.org"
    assert "in use" in words(auditor.get("/audit/calibration"))
    assert auditor.send(f"{here}/approve", reason="I may only look").status_code == 403
    trainer.send("/audit/calibration/revert", reason="back again")
    with app.units(write=False) as uow:
        assert uow.calibrations.in_use() == NONE


def test_fairness_reports_are_for_their_auditor_say_when_they_are_old_and_what_is_too_few(
    app: App, fair: Visitor, auditor: Visitor
) -> None:
    now = app.clock.now()
    report, old = fairness_report(now, 3), fairness_report(now - timedelta(days=400), 4)
    kept = keep_report(app.settings.home_dir, report)
    on_record(app, "fresh", report, now)
    on_record(app, "ended", old, datetime(2020, 1, 2, tzinfo=UTC), "archive")

    page = words(fair.get("/audit/fairness"))
    assert "Out of date: archive" in page
    assert "not on this machine" in page
    one = words(fair.get("/audit/fairness/fresh"))
    assert "too few" in one
    assert "Was chosen" in one
    assert one.index("How much evidence each could leave") < one.index("Was chosen, by team")
    html = fair.client.get("/audit/fairness/fresh/report.html")
    assert "attachment" in html.headers["content-disposition"]
    assert "Courses taken" in html.text
    assert "islands" in fair.client.get("/audit/fairness/fresh/report.csv").text
    assert fair.status("/audit/fairness/fresh/report.exe") == 404
    assert fair.status("/audit/fairness/ended") == 404
    assert auditor.status("/audit/fairness/fresh") == auditor.status("/audit/fairness/none") == 403
    with app.units(write=False) as uow:
        seen = [r for r in uow.audit.records() if r.action == "fairness.read"]
    assert {r.header["audit"] for r in seen} == {"fresh"}

    changed = json.loads(kept.read_text(encoding="utf-8")) | {"people": 41}
    kept.write_text(json.dumps(changed), encoding="utf-8")
    assert "is not the one that was sealed" in words(fair.get("/audit/fairness"))
    assert fair.status("/audit/fairness/fresh") == 409
