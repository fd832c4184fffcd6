"""`person request`, `requests`, `answer`, `withdraw-request`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ascertain.domain.people import Learner
from ascertain.runtime import open_app
from tests.integration.command import call, granted
from tests.integration.job_harness import settings_in

ANN = Learner("E1", "Ann Archer", "ann@example.org", "Data")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    app = open_app(settings_in(tmp_path))
    with app.units() as uow:
        uow.people.upsert([ANN, Learner("E2", "Bob Baker", "bob@example.org", "Sales")])
        uow.commit()
    app.close()
    return app.settings.home_dir


def test_from_asking_to_the_answer_on_the_command_line(home: Path) -> None:
    granted(home, "hal@example.org", "hrbp", "--population", "Data")

    def asked(*more: str, who: str = "ann@example.org") -> Any:
        return call("person", "request", "E1", "--as", who, "--json", *more, home=home)

    def answer(request: str, *more: str, who: str = "hal@example.org") -> Any:
        return call("person", "answer", request, *more, "--as", who, home=home)

    name = asked("--kind", "rectification", "--field", "name", "--value", "Anna Archer").json["id"]
    assert asked("--kind", "rectification", "--field", "email", "--value", "x").code == 3
    assert asked("--kind", "erasure", who="bob@example.org").code == 9
    erasure = asked("--kind", "erasure", "--words", "I leave.").json["id"]
    rest = asked("--kind", "restriction").json["id"]
    assert call("person", "withdraw-request", rest, "--as", "ann@example.org", home=home).code == 0

    listed = call("person", "requests", "--as", "hal@example.org", "--json", home=home).json
    assert {r["id"] for r in listed["requests"]} == {name, erasure}
    assert listed["overdue"] == 0
    assert call("person", "requests", "--as", "bob@example.org", home=home).code == 9
    assert answer(name, "do", who="ann@example.org").code == 9, "nobody answers about themselves"
    assert answer(name, "decline").code == 3, "declining needs a reason"
    done = answer(name, "do", "--reason", "Done.")
    assert (done.code, "done" in done.out, "assessed again" in done.out) == (0, True, True)
    assert answer(name, "decline", "--reason", "no").code == 5

    assert answer(erasure, "do").code == 3
    assert answer(erasure, "do", "--confirm", "E2").code == 3
    longer = answer(erasure, "longer", "--reason", "Three systems.")
    assert "open, due by" in longer.out
    gone = answer(erasure, "do", "--confirm", "E1")
    assert "erased under t" in gone.out
    assert "Archer" not in gone.out
    assert call("person", "requests", "--all", home=home).out.strip() == "nobody has asked for anything"
    assert call("profile", "E1", home=home).code == 4
    assert call("audit", "verify", home=home).code == 0
