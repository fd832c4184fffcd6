"""Nothing that decides about employment is on as shipped; nothing new goes unasked (AI Act, Annex III 4(b))."""

from __future__ import annotations

import yaml

from ascertain.domain.permission import Action
from ascertain.paths import CONFIG_DIR
from tests.e2e.harness import ROOT
from tests.unit.governance.pages import Row, section, spans

PAGE = ROOT / "docs" / "governance" / "intended-purpose.md"
RULES = frozenset({"policy", "talent"})
TITLE = "Everything that can be done, and whether it decides about employment"


def _answer(row: Row) -> str:
    return row["Decides about employment"].partition(":")[0].strip()


def off_as_shipped(row: Row) -> bool:
    """Whether the row names a key of a shipped file of rules that is false."""
    found = []
    for span in spans(row["Behind it"]):
        file, _, path = span.partition(": ")
        if file in RULES:
            place = yaml.safe_load((CONFIG_DIR / f"{file}.yaml").read_text(encoding="utf-8"))
            for key in path.split("."):
                place = place[key]
            found.append(place)
    return bool(found) and all(value is False for value in found)


def test_every_action_says_whether_it_decides_about_employment() -> None:
    rows = section(PAGE, TITLE)
    told = [action for r in rows for action in spans(r["Actions"])]
    assert len(set(told)) == len(told), "an action stands in two rows"
    assert not {a.value for a in Action} - set(told)
    assert {_answer(r) for r in rows} <= {"yes", "no"}


def test_what_decides_about_employment_is_off_as_shipped() -> None:
    assert not [str(r) for r in section(PAGE, TITLE) if _answer(r) == "yes" and not off_as_shipped(r)]


def test_the_question_can_be_answered_wrongly() -> None:
    """The test above would notice one that is on, and one that nothing turns off."""

    def row(behind: str) -> Row:
        return Row("p", 1, TITLE, {"Decides about employment": "yes", "Behind it": behind})

    assert off_as_shipped(row("`policy: permission.manager_sees_tree`"))
    assert not off_as_shipped(row("`policy: review.training_required`"))
    assert not off_as_shipped(row("yours"))
