"""A catalogue on another system's scale, and the commands that say what is what."""

from __future__ import annotations

from pathlib import Path

from ascertain.domain.skills import Level
from ascertain.pipeline.files import import_catalogue
from ascertain.policy.scales import scale_called
from tests.integration.command import call
from tests.integration.pipeline.world import World


def test_a_catalogue_on_another_scale_names_rows_that_are_off_it(world: World, tmp_path: Path) -> None:
    file = tmp_path / "courses.csv"
    rows = ["Report writing,Writing reports,5", "Cranes,Lifting loads safely,1", "Welding,Joining metal,9"]
    file.write_text("\n".join(["title,description,level", *rows]))
    report = import_catalogue(file, world.store.units, scale=scale_called("eqf"))
    assert report.new == 3
    (wrong,) = report.problems
    assert "courses.csv:4" in str(wrong)
    assert "'9' is no value of the scale eqf" in str(wrong)
    with world.store.units(write=False) as uow:
        levels = {c.item.title: c.item.level for c in uow.contents.all()}
    assert (levels["Report writing"], levels["Cranes"]) == (Level.PRACTITIONER, Level.AWARENESS)


def test_the_commands_say_what_is_what(tmp_path: Path) -> None:
    home = tmp_path / "home"
    shown = call("taxonomy", "scale", "show", "cefr", "--json", home=home).json
    assert shown["levels"] == {"1": "A1", "2": "A2", "3": "B1", "4": "B2", "5": "C1"}
    assert "C1, C2 all become level 5" in shown["lost"]
    convert = ("taxonomy", "scale", "convert")
    assert call(*convert, "8", "--from", "eqf", "--to", "cefr", "--json", home=home).json["is"] == "C1"
    assert "no value so low" in call(*convert, "F", "--from", "letters", "--to", "eqf", home=home).out
    wrong = call(*convert, "Z", "--from", "letters", "--to", "eqf", home=home)
    assert wrong.code != 0
    assert "is no value of this scale" in wrong.err
    assert {r["name"] for r in call("taxonomy", "scale", "list", "--json", home=home).json} >= {"eqf", "cefr"}
