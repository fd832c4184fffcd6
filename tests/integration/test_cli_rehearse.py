"""`ascertain rehearse` and `--estimate`: what would change, and what it would cost, before anything happens."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.people import Learner
from ascertain.paths import CONFIG_DIR
from ascertain.runtime import open_app
from tests.agreed import tell_everybody
from tests.integration.command import call, granted
from tests.integration.job_harness import settings_in

AUDITORS = {"ASCERTAIN_FAIRNESS_AUDITORS": "ada"}
NOTED = ("--source", "invented", "--purpose", "tests")
WORK = "Wrote the Terraform modules that build our AWS accounts, and the Python tooling around them."
PEOPLE = [
    Learner(f"W-{n}", name, f"w{n}@example.org", "Data", job_profile_id="platform-engineer")
    for n, name in ((7001, "Annabel Quistgaard"), (7002, "Bob Baker"), (7003, "Chi Carver"))
]


@pytest.fixture(scope="module")
def assessed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three people, all of them assessed. To copy."""
    folder = tmp_path_factory.mktemp("rehearse")
    app = open_app(settings_in(folder))
    with app.units() as uow:
        uow.people.upsert([*PEOPLE, Learner("W-8001", "Dee Dunn", "dee@example.org", "Sales")])
        for p in PEOPLE:
            uow.evidence.upsert(
                [
                    Evidence(
                        f"e-{p.id}",
                        p.id,
                        EvidenceKind.PROJECT,
                        "lms",
                        f"lms:thing:{p.id}",
                        f"o-{p.id}",
                        "Terraform",
                        WORK,
                        occurred_on=date(2026, 5, 1),
                    )
                ]
            )
        uow.commit()
    tell_everybody(app.units)
    for p in PEOPLE:
        app.assess(p.id, trigger="test")
    app.close()
    return folder / "home"


@pytest.fixture
def home(assessed: Path, tmp_path: Path) -> Path:
    shutil.copytree(assessed, tmp_path / "home")
    return tmp_path / "home"


def rows(home: Path, statement: str) -> list[Any]:
    engine = create_engine(f"sqlite:///{home / 'ascertain.sqlite'}")
    try:
        with engine.begin() as connection:
            return list(connection.execute(text(statement)))
    finally:
        engine.dispose()


def results(home: Path) -> list[Any]:
    return [rows(home, f"SELECT * FROM {t} ORDER BY 1, 2") for t in ("runs", "assertions", "review_items")]


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """A policy with which the same evidence says less."""
    policy = (CONFIG_DIR / "policy.yaml").read_text(encoding="utf-8")
    assert "prior_strength: 1.0" in policy
    file = tmp_path / "policy.yaml"
    file.write_text(policy.replace("prior_strength: 1.0", "prior_strength: 3.0"), encoding="utf-8")
    return file


def test_the_brain_in_use_changes_nothing(home: Path) -> None:
    same = call("rehearse", "--brain", "embedded", "--cohort", "Data", "--json", home=home)
    assert same.code == 0, same
    figures = same.json["figures"]
    assert (figures["people"], figures["changed"], figures["stored_before"]) == (3, 0, 3)
    assert same.json["versions"] == []


def test_another_policy_is_seen_by_person_and_nothing_is_stored(home: Path, stricter: Path) -> None:
    before = results(home)
    granted(home, "lou", "l_and_d", "--population", "Data")
    mine = ("rehearse", "--policy", str(stricter), "--cohort", "Data", "--as", "lou")
    found = call(*mine, "--json", home=home).json
    assert found["figures"]["changed"] == 3
    assert found["figures"]["confidence_shift"]["largest"] > 0.01
    assert [v["what"] for v in found["versions"]] == ["policy"]
    assert {c["name"] for c in found["changes"]} == {p.name for p in PEOPLE}
    shown = call(*mine, home=home)
    assert shown.code == 0, shown
    assert "3 people compared, 3 would change" in shown.out
    assert "Annabel Quistgaard" in shown.out
    assert results(home) == before
    assert call("audit", "verify", home=home).code == 0
    assert rows(home, "SELECT count(*) FROM accesses WHERE what = 'rehearsal' AND actor = 'lou'") == [(6,)]


def test_who_may_and_who_is_named(home: Path, stricter: Path) -> None:
    granted(home, "lou", "l_and_d", "--population", "Data")
    refused = call("rehearse", "--policy", str(stricter), "--as", "lou", home=home)
    assert refused.code == 9, "lou may not assess Sales"
    granted(home, "adm", "admin")
    unread = call("rehearse", "--policy", str(stricter), "--cohort", "Data", "--as", "adm", "--json", home=home).json
    assert (unread["changes"], unread["not_shown"]) == ([], 3), "an administrator learns how many, not who"
    assert rows(home, "SELECT count(*) FROM accesses WHERE actor = 'adm'") == [(0,)]


def test_groups_are_for_the_fairness_auditor_and_small_ones_too_few(home: Path, stricter: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    named = "\n".join(f"{p.id},gender,{g}" for p, g in zip(PEOPLE, "fmm", strict=True))
    labels.write_text(f"learner,attribute,value\n{named}\n", encoding="utf-8")
    taken = call("fairness", "labels", "import", str(labels), *NOTED, "--as", "ada", home=home, env=AUDITORS)
    assert taken.code == 0, taken
    for name in ("lou", "ada"):
        granted(home, name, "l_and_d", "--population", "Data")
    mine = ("rehearse", "--policy", str(stricter), "--cohort", "Data", "--by", "gender", "--as")
    assert call(*mine, "lou", home=home, env=AUDITORS).code == 9, "lou is no fairness auditor"
    assert rows(home, "SELECT count(*) FROM audit_records WHERE action = 'rehearsal.made'") == [(0,)]
    found = call(*mine, "ada", home=home, env=AUDITORS)
    assert found.code == 0, found
    assert found.out.count("too few") == 6


def test_wrong_options_are_named(home: Path, tmp_path: Path) -> None:
    for options, code, words in (
        ((), 2, "--brain"),
        (("--brain", "nonsense"), 2, "nonsense"),
        (("--prompts", str(tmp_path)), 2, "agents.yaml"),
        (("--policy", str(tmp_path / "none.yaml")), 2, "none.yaml"),
        (("--brain", "embedded", "--cohort", "Astronauts"), 4, "Astronauts"),
    ):
        answer = call("rehearse", *options, home=home)
        assert (answer.code, words in answer.err) == (code, True), answer


def test_what_a_model_would_cost_is_said_before_it_is_asked(home: Path) -> None:
    """No run with it is known, no key is set, and nobody is asked."""
    before = results(home), rows(home, "SELECT * FROM usage_days")
    asked = {"ASCERTAIN_BRAIN": "openai"}
    found = call("sweep", "--estimate", "--cohort", "Data", "--json", home=home, env=asked).json
    assert (found["people"], found["due"], found["rests_on"], found["walked"]) == (3, 3, 0, 3)
    assert found["calls"] == 3 * 10
    assert 3 * 2_000 < found["tokens"] < 3 * 100_000
    assert 0 < found["usd"] < 1
    shown = call("assess", "--estimate", "--learner", "W-7001", home=home, env=asked)
    assert shown.code == 0, shown
    assert "about 10 calls" in shown.out
    rules = call("assess", "--estimate", "--cohort", "Data", "--json", home=home).json
    assert (rules["due"], rules["unchanged"], rules["tokens"]) == (0, 3, 0)
    assert (results(home), rows(home, "SELECT * FROM usage_days")) == before
    granted(home, "lou", "l_and_d", "--population", "Data")
    assert call("sweep", "--estimate", "--as", "lou", home=home).code == 9
