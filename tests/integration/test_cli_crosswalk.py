"""A crosswalk on the command line: drafted, decided row by row, imported, taken up by the charter, and taken back."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.integration.command import Answer, call, granted


def test_from_a_list_of_ones_own_to_a_crosswalk_in_use_and_back(tmp_path: Path) -> None:
    home = tmp_path / "home"

    def run(*arguments: str) -> Answer:
        return call("taxonomy", *arguments, home=home, folder=tmp_path)

    (tmp_path / "list.csv").write_text("id,label\nH1,SQL\nH2,Empathy\nH3,Python\n")
    for name in ("ada", "bo"):
        granted(home, name, "l_and_d", "--population", "all")
    drafted = run("crosswalk", "draft", "hris", "--file", "list.csv", "--out", "walk.csv")
    assert drafted.code == 0, drafted.err
    rows = list(csv.DictReader((tmp_path / "walk.csv").open()))
    assert [r["to"] for r in rows] == ["sql", "", "python"]
    rows[1] |= {"to": "sql", "relation": "close"}
    with (tmp_path / "walk.csv").open("w", newline="") as f:
        out = csv.DictWriter(f, rows[0].keys())
        out.writeheader()
        out.writerows(r | {"decision": "yes"} for r in rows)
    done = run("crosswalk", "import", "walk.csv", "--from", "hris", "--to", "starter")
    assert done.code == 0, done.err
    assert "2 links between skills" in done.out
    assert "walk.csv:3, field 'from': 'Empathy' can never be a skill" in done.out
    (listed,) = run("crosswalk", "list", "--json").json["crosswalks"]
    assert (listed["state"], listed["used"]) == ("imported", False)
    made = run("crosswalk", "propose", "--as", "ada", "--json")
    assert made.code == 0, made.err
    assert made.json["crosswalk"]["words"] == "leads skills of hris: 2 exact"
    ident = made.json["id"]
    shown = run("preview", ident, "--as", "bo").out
    assert "H1 is the same as SQL" in shown
    assert run("decide", ident, "yes", "--reason", "mine", "--as", "ada").code != 0
    assert run("decide", ident, "yes", "--reason", "checked", "--as", "bo").code == 0
    applied = run("apply", ident, "--reason", "now", "--as", "bo")
    assert applied.code == 0, applied.err
    assert "is in use: leads skills of hris: 2 exact" in applied.out
    assert run("crosswalk", "list", "--json").json["crosswalks"][0]["used"]
    assert "in use" in run("crosswalk", "list").out
    assert run("revert", ident, "--reason", "wrong list", "--as", "bo").code == 0
    (listed,) = run("crosswalk", "list", "--json").json["crosswalks"]
    assert (listed["state"], listed["used"]) == ("reverted", False)
    nothing = run("crosswalk", "propose", "ffff", "--as", "ada")
    assert nothing.code == 4, nothing
