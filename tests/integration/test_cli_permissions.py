"""Every command says who may run it; a stranger is refused, by the same words for the known and the unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ascertain import runtime
from ascertain.cli import app as typer_app
from ascertain.cli.permissions import ENTRIES, Asks, Public, commands
from ascertain.domain.permission import Action
from ascertain.errors import ForbiddenError
from tests.e2e.harness import Place, undecide
from tests.integration.command import Answer, call, granted

STRANGER = ("--as", "stranger@example.org")
OFF = {"ASCERTAIN_LOCAL_OPERATOR": "False"}
SELDOM: dict[str, str] = {
    "queue status": "",
    "queue dead": "",
    "queue requeue": "--all",
    "fairness calibration": "",
    "fairness audit": "",
    "fairness labels import": "FILE --source s --purpose p",
    "fairness labels list": "",
    "fairness labels forget": "PERSON",
    "profile": "PERSON",
    "gaps": "PERSON",
    "path show": "PERSON",
    "path propose": "PERSON --reason why --hours 2",
    "path replan": "PERSON",
    "path skip": "PERSON item --reason why",
    "path unskip": "PERSON item",
    "path approve": "a1 --reason x",
    "path reject": "a1 --reason x",
    "report": "--out OUT",
    "explain": "ASSERTION",
    "replay": "ASSERTION",
    "review list": "",
    "review next": "",
    "review show": "ITEM",
    "review decide": "ITEM accept --reason x",
    "review undo": "ITEM",
    "review reassign": "ITEM --to l-and-d --reason x",
    "review bulk": "--skill x --source docebo:completion",
    "dispute open": "ASSERTION --reason x",
    "dispute add": "d1 --evidence x",
    "dispute show": "d1",
    "dispute withdraw": "d1",
    "dispute decide": "d1 uphold --reason x",
    "dispute list": "--learner PERSON",
    "writeback preview": "",
    "writeback show": "w1",
    "notify": "",
    "notify opt-out": "PERSON",
    "notify opt-in": "PERSON",
    "person access": "PERSON",
    "person export": "PERSON --out OUT",
    "person erase": "PERSON --reason x --yes",
    "person rectify": "PERSON --field name --value x --reason x",
    "person corrections": "PERSON",
    "person restrict": "PERSON --reason x",
    "person unrestrict": "PERSON --reason x",
    "person request": "PERSON --kind erasure",
    "person requests": "",
    "person answer": "REQUEST decline --reason x",
    "person withdraw-request": "REQUEST",
    "assignment list": "",
    "assignment approve": "a1 --reason x",
    "assignment reject": "a1 --reason x",
    "consent show": "PERSON",
    "consent list": "--source reviews",
    "consent give": "PERSON --source reviews --reason x --text-version 1",
    "consent withdraw": "PERSON --source reviews --reason x",
    "consent import": "consents.csv",
    "notice record": "--cohort all --on 2026-03-02 --text-version 1",
    "notice missing": "",
    "content tag": "docebo:1 sql accept --reason x",
    "content bulk": "accept --skill sql --system docebo --reason x",
    "match opening": "R-2041",
    "match person": "PERSON",
    "content say": "PERSON sql-101 sql no",
    "match wish": "PERSON learn --skill sql",
    "match wishes": "PERSON",
    "mentor find": "PERSON",
    "mentor list": "PERSON",
    "mentor offer": "PERSON",
    "mentor request": "PERSON FL1101 --skill sql",
    "mentor answer": "m1 yes",
    "mentor end": "m1",
    "mentor object": "PERSON FL1101",
    "mentor leave": "PERSON FL1101 --reason x",
    "fairness matches": "",
    "fairness succession": "",
    "succession nominate": "K-1 PERSON --reason x",
    "succession withdraw": "K-1 PERSON --reason x",
    "succession object": "K-1 PERSON",
    "succession bench": "",
    "succession role": "K-1",
    "readiness person": "PERSON",
    "readiness plan": "PERSON --role data-analyst",
    "readiness history": "PERSON",
    "taxonomy propose": "",
    "taxonomy preview": "x1",
    "taxonomy amend": "x1 --name y --reason x",
    "taxonomy decide": "x1 yes --reason x",
    "taxonomy apply": "x1 --reason x",
    "taxonomy revert": "x1 --reason x",
    "taxonomy release propose": "",
    "taxonomy crosswalk propose": "",
    "taxonomy crosswalk codes": "",
    "taxonomy release amend": "x1 --lead a=b --reason x",
    "assess": "--learner PERSON",
    "sweep": "",
    "rehearse": "--brain embedded",
    "onboard plan": "PERSON",
    "onboard draft": "o1",
    "onboard list": "",
    "onboard show": "o1",
    "onboard progress": "o1",
    "onboard edit": "o1 --changes CHANGES --reason x --version 1",
    "onboard approve": "o1",
    "onboard withdraw": "o1 --reason x",
    "onboard tick": "o1 m01",
    "onboard comment": "o1 --words hello",
    "onboard export": "o1",
    "what-if course": "docebo:12001",
    "what-if hire": "sql --level 3",
    "what-if require": "data-analyst sql --level 3",
    "rollout report": "one",
    "rollout advance": "one --reason x",
}
"""What each command that asks by itself is called with."""


def tell(place: Place, *arguments: str, env: dict[str, str] | None = None) -> Answer:
    return call(*arguments, home=place.home, folder=place.folder, env=env)


def test_every_command_says_who_may_run_it_and_nothing_else_is_listed() -> None:
    assert {name for name, _ in commands(typer_app)} == set(ENTRIES)
    assert all(e.because for e in ENTRIES.values() if isinstance(e, Public))


def test_a_command_that_is_not_listed_does_not_start(own: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from ascertain.cli import permissions

    ran: list[int] = []
    wrapped = permissions._asked_first("not listed", lambda: ran.append(1))
    with pytest.raises(Exception, match="says nowhere who may run it"):
        wrapped()
    assert ran == []


def test_every_command_that_asks_by_itself_is_called_below() -> None:
    asking = {name for name, e in ENTRIES.items() if isinstance(e, Asks)}
    assert asking == set(SELDOM)


@pytest.fixture
def words(own: Place, tmp_path: Path) -> dict[str, str]:
    ((item, assertion, learner),) = own.rows(
        "SELECT id, assertion_id, learner_id FROM review_items WHERE decision IS NULL LIMIT 1"
    )
    (tmp_path / "labels.csv").write_text("learner,attribute,value\n")
    (tmp_path / "changes.yaml").write_text("- {op: remove, milestone: m01}\n")
    return {
        "PERSON": learner,
        "ASSERTION": assertion,
        "ITEM": item,
        "OUT": str(tmp_path / "out"),
        "FILE": str(tmp_path / "labels.csv"),
        "CHANGES": str(tmp_path / "changes.yaml"),
    }


def spelled(name: str, words: dict[str, str]) -> list[str]:
    return [*name.split(), *(words.get(w, w) for w in SELDOM[name].split())]


def test_a_stranger_is_refused_by_every_command_about_people(own: Place, words: dict[str, str]) -> None:
    wrong = {}
    for name in SELDOM:
        as_stranger = [] if name == "notify" else STRANGER
        env = {"ASCERTAIN_ACTOR": STRANGER[1]}
        answer = tell(own, *spelled(name, words), *as_stranger, env=env)
        if answer.code != 9:
            wrong[name] = answer
    assert wrong == {}
    assert not Path(words["OUT"]).exists()
    records = [json.loads(r) for r in tell(own, "audit", "export").out.splitlines()]
    refused = [r for r in records if r["action"] in ("permission.refused", "fairness.refused")]
    assert len(refused) == len(SELDOM)
    assert not any(words["PERSON"] in json.dumps(r) or "stranger" in json.dumps(r) for r in refused)
    assert tell(own, "audit", "verify").code == 0


def test_a_stranger_runs_nothing_that_concerns_the_organisation(own: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASCERTAIN_HOME", str(own.home))
    monkeypatch.chdir(own.folder)
    try:
        for name, command in commands(typer_app):
            if isinstance(ENTRIES[name], Action):
                with pytest.raises(ForbiddenError):
                    command.callback(actor=STRANGER[1])
    finally:
        runtime.get_app().close()
        runtime.set_app(None)


def test_unknown_and_forbidden_are_answered_alike(own: Place, words: dict[str, str]) -> None:
    for name in ("profile", "path show", "person access", "person export", "explain", "review decide", "dispute show"):
        there = tell(own, *spelled(name, words), *STRANGER)
        nobody = tell(own, *spelled(name, {**words, "PERSON": "FL9", "ASSERTION": "zz", "ITEM": "zz"}), *STRANGER)
        assert (there.code, there.err) == (nobody.code, nobody.err), name


def test_a_learner_reads_their_own_and_a_manager_the_team(own: Place) -> None:
    ((manager, learner),) = own.rows(
        "SELECT m.id, l.id FROM learners l JOIN learners m ON m.id = l.manager_id"
        " JOIN assertions a ON a.learner_id = l.id WHERE m.active AND l.active"
        " AND l.id NOT IN (SELECT manager_id FROM learners WHERE manager_id IS NOT NULL) LIMIT 1"
    )
    assert tell(own, "profile", learner, "--as", learner).code == 0
    assert tell(own, "profile", manager, "--as", learner).code == 9
    assert tell(own, "profile", learner, "--as", manager).code == 0
    team = tell(own, "gaps", "--cohort", "all", "--as", manager, "--json")
    people = own.rows("SELECT count(*) FROM learners WHERE active")[0][0]
    led = own.rows("SELECT count(*) FROM learners WHERE active AND manager_id = ?", (manager,))[0][0]
    assert team.json["left_out"] == people - led
    assert f"{people - led} left out" in team.err
    assert tell(own, "gaps", "--cohort", "all", "--as", learner).code == 9


class TestGrants:
    """`access …`."""

    @pytest.fixture(autouse=True)
    def nobody_has_anything(self, own: Place) -> None:
        undecide(own)

    def test_granted_listed_shown_and_revoked(self, own: Place) -> None:
        before = len(tell(own, "audit", "export").out.splitlines())
        made = tell(own, "access", "grant", "hr@example.org", "hrbp", "--population", "all", "--json").json
        assert tell(own, "profile", _somebody(own), "--as", "HR@example.org").code == 0
        listed = tell(own, "access", "list", "--json").json["grants"]
        assert [(g["name"], g["role"], g["populations"]) for g in listed] == [("hr@example.org", "hrbp", ["all"])]
        shown = tell(own, "access", "who", "hr@example.org", "--json").json
        assert "person.export" in {m["action"] for m in shown["may"]}
        assert "sync.run" not in {m["action"] for m in shown["may"]}
        assert tell(own, "access", "revoke", made["id"]).code == 0
        assert tell(own, "access", "revoke", made["id"]).code == 5
        assert tell(own, "access", "revoke", "g0").code == 4
        assert tell(own, "profile", _somebody(own), "--as", "hr@example.org").code == 9
        assert tell(own, "access", "list", "--json").json["grants"] == []
        records = [json.loads(r) for r in tell(own, "audit", "export").out.splitlines()]
        assert [r["action"] for r in records[before:] if r["action"].startswith("access.")] == [
            "access.granted",
            "access.revoked",
        ]
        assert "hr@example.org" not in json.dumps(records)

    def test_the_same_grant_twice_is_one(self, own: Place) -> None:
        granted(own.home, "a@example.org", "auditor")
        granted(own.home, "A@example.org", "auditor")
        assert len(tell(own, "access", "list", "--json").json["grants"]) == 1

    @pytest.mark.parametrize(
        "arguments",
        [
            ("x@example.org", "hrbp"),
            ("x@example.org", "hrbp", "--population", "Nowhere"),
            ("x@example.org", "admin", "--population", "all"),
            ("x@example.org", "skill_owner"),
            ("x@example.org", "auditor", "--skill", "sql"),
            ("x@example.org", "auditor", "--until", "2020-01-01"),
            ("x@example.org", "auditor", "--until", "soon"),
            ("x@example.org", "learner"),
            ("x@example.org", "operator"),
            ("operator:root", "admin"),
            ("[erased]", "admin"),
            ("two words", "admin"),
            ("x@example.org", "auditor", "--trained-on", "2999-01-01"),
        ],
        ids=lambda a: " ".join(a),
    )
    def test_what_is_no_grant(self, own: Place, arguments: tuple[str, ...]) -> None:
        assert tell(own, "access", "grant", *arguments).code == 3
        assert tell(own, "access", "list", "--json").json["grants"] == []

    def test_nobody_grants_themselves_anything(self, own: Place) -> None:
        granted(own.home, "boss@example.org", "admin")
        for name in ("boss@example.org", "BOSS@example.org"):
            tried = ("access", "grant", name, "hrbp", "--population", "all", "--as", "boss@example.org")
            assert tell(own, *tried).code == 9
        assert (
            tell(own, "access", "train", "boss@example.org", "--on", "2026-01-01", "--as", "boss@example.org").code == 9
        )
        assert tell(own, "access", "grant", "b@example.org", "auditor", "--as", "boss@example.org").code == 0

    def test_a_training_is_on_record_under_the_persons_address(self, own: Place) -> None:
        ((learner, email),) = own.rows("SELECT id, email FROM learners WHERE active LIMIT 1")
        assert tell(own, "access", "train", learner, "--on", "2026-01-05").code == 0
        assert tell(own, "access", "who", email, "--json").json["trained_on"] == "2026-01-05"
        assert tell(own, "access", "train", learner, "--on", "2999-01-05").code == 3

    def test_what_a_grant_left_goes_with_the_person(self, own: Place) -> None:
        ((learner, email),) = own.rows("SELECT id, email FROM learners WHERE active LIMIT 1")
        granted(own.home, email, "auditor")
        assert tell(own, "access", "train", email, "--on", "2026-01-05").code == 0
        held = tell(own, "person", "export", learner, "--out", str(own.folder / "x"), "--json").json
        assert held["rows"]["role_grants"] == held["rows"]["reviewer_trainings"] == 1
        assert tell(own, "person", "erase", learner, "--reason", "asked", "--yes").code == 0
        left = tell(own, "access", "list", "--all", "--json").json
        assert left == {"grants": [], "trainings": {}}


class TestTheLocalOperator:
    """Whoever runs commands without a name."""

    def test_off_the_login_name_needs_grants(self, own: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        from ascertain.cli import actor

        monkeypatch.setattr(actor, "login_name", lambda: "jo")
        assert tell(own, "profile", _somebody(own), env=OFF).code == 9
        assert tell(own, "sync", env=OFF).code == 9
        granted(own.home, "jo", "hrbp", "--population", "all")
        assert tell(own, "profile", _somebody(own), env=OFF).code == 0
        assert tell(own, "sync", env=OFF).code == 9

    def test_is_recorded_as_such_and_cannot_be_borrowed(self, own: Place) -> None:
        assert tell(own, "profile", _somebody(own)).code == 0
        seen = tell(own, "person", "access", _somebody(own), "--json").json["accesses"]
        assert seen[0]["actor"].startswith("operator:")
        for name in ("operator:root", "key:abc", "OIDC:1", " "):
            assert tell(own, "profile", _somebody(own), "--as", name).code == 3

    def test_reads_no_group_labels(self, own: Place) -> None:
        assert tell(own, "fairness", "labels", "list").code == 9


def test_a_fairness_auditor_can_be_granted(own: Place) -> None:
    assert tell(own, "fairness", "labels", "list", "--as", "f@example.org").code == 9
    granted(own.home, "f@example.org", "fairness_auditor")
    assert tell(own, "fairness", "labels", "list", "--as", "f@example.org").code == 0
    assert tell(own, "profile", _somebody(own), "--as", "f@example.org").code == 9


def test_an_auditor_reads_records_and_whether_numbers_can_be_rebuilt_and_nobodys_numbers(own: Place) -> None:
    granted(own.home, "au@example.org", "auditor")
    assert tell(own, "audit", "export", "--as", "au@example.org").code == 0
    assert tell(own, "replay", "--all", "--as", "au@example.org").code == 0
    assert tell(own, "audit", "export", "--open", "--as", "au@example.org").code == 9
    assert tell(own, "profile", _somebody(own), "--as", "au@example.org").code == 9


def _somebody(place: Place) -> str:
    return str(place.rows("SELECT learner_id FROM assertions ORDER BY 1 LIMIT 1")[0][0])
