"""The commands of docs/disputes.md and docs/rights.md, one after the other on one home."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.integration.command import Answer, call, granted
from tests.integration.test_cli_person import ANN, BOB, assessed

__all__ = ["assessed"]

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def home(assessed: Path, tmp_path: Path) -> Path:
    shutil.copytree(assessed, tmp_path / "home")
    for name in ("zoe", BOB.email):
        granted(tmp_path / "home", name, "hrbp", "--population", "all")
    return tmp_path / "home"


def tell(home: Path, *arguments: str, code: int = 0) -> Answer:
    answer = call(*arguments, home=home)
    assert answer.code == code, answer
    return answer


def ask(home: Path, *arguments: str) -> Any:
    return tell(home, *arguments, "--json").json


def test_every_command_of_the_pages_is_there(home: Path) -> None:
    found = set()
    for page in ("disputes.md", "rights.md"):
        found |= set(
            re.findall(r"ascertain ((?:dispute|person|assignment|profile)(?: [a-z]+)?)", (DOCS / page).read_text())
        )
    assert len(found) >= 12
    for command in sorted(found):
        assert tell(home, *command.split(), "--help").out.startswith("Usage: ascertain")


def test_a_dispute_from_its_opening_to_the_answer(home: Path, tmp_path: Path) -> None:
    skills = ask(home, "profile", ANN.id, "--as", "zoe")["skills"]
    row = skills[0]
    proof = tmp_path / "proof.md"
    proof.write_text("I built the Terraform modules of the new platform.")
    opened = ("dispute", "open", row["id"][:10], "--reason", "Too high.", "--as", ANN.email)
    made = ask(home, *opened, "--evidence", str(proof))
    assert ask(home, *opened)["id"] == made["id"]
    assert "contested" in tell(home, "profile", ANN.id, "--as", "zoe").out
    decision = ask(home, "profile", ANN.id, "--use", "decision", "--as", "zoe")
    assert decision["skills"] == []
    why = {o["skill"]: o["why"] for o in decision["left_out"]}
    assert set(why) == {s["skill"] for s in skills}
    assert why[row["skill"]].startswith("contested")
    assert "Too high." in tell(home, "gaps", ANN.id, "--as", "zoe", "--json").out
    assert made["id"] in tell(home, "dispute", "list", "--as", "zoe").out
    assert tell(home, "dispute", "add", made["id"], "--evidence", "And the network.", "--as", ANN.id).code == 0
    shown = ask(home, "dispute", "show", made["id"], "--as", "zoe")
    assert [e["text"] for e in shown["evidence"]].count("And the network.") == 1
    assert len(shown["evidence"]) == 2

    decide = ("dispute", "decide", made["id"], "amend", "--level", "2", "--reason", "Seen the work.")
    tell(home, *decide, "--as", ANN.email, code=9)
    assert tell(home, *decide[:4], "--reason", "x", "--as", "zoe", code=3).code == 3
    assert ask(home, *decide, "--as", "zoe", "--confirm", shown["evidence"][0]["id"])["state"] == "amended"
    assert "Seen the work." in tell(home, "profile", ANN.id, "--as", ANN.email).out
    after = ask(home, "profile", ANN.id, "--use", "decision", "--as", "zoe")["skills"]
    assert [(s["skill"], s["level"], s["human_reviewed"]) for s in after] == [(row["skill"], 2, True)]
    assert tell(home, "dispute", "withdraw", made["id"], "--as", ANN.email, code=5).code == 5
    assert ask(home, "dispute", "list", "--as", "zoe")["disputes"] == []
    assert len(ask(home, "dispute", "list", "--all", "--as", "zoe")["disputes"]) == 1
    assert tell(home, "audit", "verify").code == 0


def test_correct_restrict_and_free(home: Path) -> None:
    name = ("person", "rectify", ANN.id, "--field", "name", "--value", "Annabel Arrow", "--reason", "married")
    made = ask(home, *name, "--as", "zoe")
    assert made["assessed"] == "done"
    listed = ask(home, "person", "corrections", ANN.id, "--as", "zoe")["corrections"]
    assert [(c["id"], c["value"]) for c in listed] == [(made["correction"]["id"], "Annabel Arrow")]
    assert "Annabel Arrow" in tell(home, "profile", ANN.id, "--as", "zoe").out
    tell(home, "person", "corrections", ANN.id, "--lift", made["correction"]["id"], "--as", "zoe")
    assert ANN.name in tell(home, "profile", ANN.id, "--as", "zoe").out
    tell(home, "person", "rectify", ANN.id, "--field", "shoe", "--value", "42", "--reason", "x", code=3)
    tell(home, "person", "rectify", ANN.id, "--reason", "x", code=2)

    tell(home, "person", "restrict", ANN.id, "--reason", "contested", "--as", "zoe")
    assert "restricted" in tell(home, "profile", ANN.id, "--as", BOB.email, code=9).err
    tell(home, "profile", ANN.id, "--as", ANN.email)
    tell(home, "profile", ANN.id, "--as", "zoe")
    assert tell(home, "assess", "--learner", ANN.id, code=7).code == 7
    gone = ask(home, "person", "rectify", ANN.id, "--evidence", "e-1", "--withdraw", "--reason", "x", "--as", "zoe")
    assert gone["assessed"] == "blocked_restricted"
    tell(home, "person", "unrestrict", ANN.id, "--reason", "settled", "--as", "zoe")
    tell(home, "assess", "--learner", ANN.id)
    assert ask(home, "profile", ANN.id, "--as", "zoe")["skills"] == []
    assert tell(home, "audit", "verify").code == 0
