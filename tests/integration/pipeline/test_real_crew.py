"""The same pipeline with the five agents on the embedded brain, the starter taxonomy and the real solver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from ascertain.domain.casefile import CaseFile
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.findings import CrewFindings
from ascertain.domain.ports import CrewServices, LearnerCrew
from ascertain.domain.runs import RunState
from ascertain.domain.skills import Level
from ascertain.domain.spending import Usage
from ascertain.errors import BrainError
from ascertain.pipeline.explain import explain
from ascertain.pipeline.replay import Replayer
from ascertain.pipeline.roles import read_roles
from ascertain.report import render_report
from ascertain.runtime import App, open_app
from ascertain.settings import Settings
from tests.agreed import OPINIONS, agree, opt_in, tell_everybody
from tests.integration.pipeline.world import ANN, BOB, CHI, ShownClock, course, exam, piece

# CrewAI reads its own deprecated fields on every run.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:crewai")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = open_app(
        Settings(home=tmp_path_factory.mktemp("home"), database_url="", policy_file=None), clock=ShownClock()
    )
    role = read_roles()[0].id
    with app.units() as uow:
        uow.people.upsert([replace(ANN, job_profile_id=role), replace(BOB, job_profile_id=role), CHI])
        uow.contents.upsert(
            [
                course("sql-101", "SQL for analysts", description="Write SQL queries with joins and aggregates."),
                course("py-101", "Python programming", Level.PRACTITIONER, description="Programming in Python."),
            ]
        )
        uow.evidence.upsert(
            [
                exam(title="SQL for analysts"),
                exam("e-cert", title="SQL for analysts", kind=EvidenceKind.CERTIFICATION),
                piece("e-ticket", text="Wrote the Python programming for the nightly report. Bob Baker agrees."),
                piece("e-review", kind=EvidenceKind.MANAGER_REVIEW, text="She is strong in project management."),
                exam("e-bob", "E2", 0.7, title="SQL for analysts"),
            ]
        )
        uow.commit()
    tell_everybody(app.units)
    opt_in(app.units, *OPINIONS)
    agree(app.units, ["E1", "E2"], *OPINIONS)
    app.tag()
    yield app
    app.close()


@dataclass
class Picky:
    """A crew that fails for one learner."""

    inner: LearnerCrew
    refuses: str

    @property
    def brain_version(self) -> str:
        return self.inner.brain_version

    @property
    def prompts_version(self) -> str:
        return self.inner.prompts_version

    def expected(self, case: CaseFile, services: CrewServices) -> tuple[Usage, ...]:
        """Asks nobody."""
        return ()

    def preload(self) -> None:
        self.inner.preload()

    def run(self, case: CaseFile, services: CrewServices) -> CrewFindings:
        if case.pseudonym == self.refuses:
            raise BrainError("no usable answer")
        return self.inner.run(case, services)


def test_one_failing_learner_does_not_stop_the_others(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    assessor = app.assessor
    picky = replace(assessor, crew=Picky(assessor.crew, app.pseudonyms.pseudonym("E2")))
    with monkeypatch.context() as patch:
        patch.setattr(App, "assessor", property(lambda _: picky))
        report = app.sweep("all", trigger="test")
    figures = report.sweep.figures
    assert (figures["due"], figures["assessed"], figures["failed"], figures["unchanged"]) == (3, 2, 1, 0)
    assert [(f.learner_id, f.error) for f in report.failures] == [("E2", "no usable answer")]
    again = app.sweep("all", trigger="test")
    assert (again.sweep.figures["assessed"], again.sweep.figures["unchanged"], again.failures) == (1, 2, ())
    with app.units(write=False) as uow:
        assert [s.id for s in uow.sweeps.recent(9)] == [again.sweep.id, report.sweep.id]
        assert uow.sweeps.get(report.sweep.id) == report.sweep
    assert app.plan_sweep("all").due == ()


def test_what_the_agents_found_is_stored_replayed_explained_and_reported(app: App) -> None:
    done = app.assess("E1", trigger="test")
    assert done.run.state is RunState.DONE
    assert not app.assess("E1", trigger="test").new
    with app.units(write=False) as uow:
        rows = uow.assertions.all()
        replayer = Replayer(uow, app.bundle.taxonomy)
        assert rows
        assert all(replayer.replay(r.id).identical for r in rows)
        labels = {r.skill_label.casefold() for r in rows if r.learner_id == "E1"}
        assert any("sql" in label for label in labels)
        for r in rows:
            receipt = explain(uow, r.id)
            assert receipt.reasons
        answered = [r for r in uow.audit.records() if r.action == "agent.answered"]
        assert len(answered) == 15  # five agents, three learners
        seen = repr([uow.audit.open_payload(r.seq) for r in answered])
    for hidden in ("Baker", "Archer", "example.org"):
        assert hidden not in seen
    assert "Ann Archer" in render_report(app)
