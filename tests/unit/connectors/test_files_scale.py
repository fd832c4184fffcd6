"""Levels on the scale of the system that a file comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.domain.records import Entity
from ascertain.domain.skills import Level
from ascertain.errors import ConfigError
from tests.unit.connectors.files_bench import Place, records, rejected

TABLE = {
    "entity": "course",
    "files": "*.csv",
    "columns": {"id": "Nr", "title": "Titel", "level": "Stufe"},
    "scale": "cefr",
}


def test_levels_are_read_on_the_scale_of_the_mapping(tmp_path: Path) -> None:
    place = Place(tmp_path, {"tables": [TABLE]})
    place.write("kurse.csv", "Nr,Titel,Stufe\n1,Deutsch,b2\n2,Polnisch,A0\n3,Spanisch,D7\n4,Latein,\n")
    pages = place.pages(Entity.COURSE)
    found = {r.title: r.level for r in records(pages)}
    assert found == {"Deutsch": Level.ADVANCED, "Polnisch": None, "Latein": None}
    (wrong,) = rejected(pages)
    assert "'D7' is no value of the scale cefr" in str(wrong)
    assert "Stufe" in str(wrong)


def test_an_unknown_scale_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tables\.0\.scale: there is no scale 'sfia'") as caught:
        Place(tmp_path, {"tables": [TABLE | {"scale": "sfia"}]}).connector()
    assert "cefr" in str(caught.value)
