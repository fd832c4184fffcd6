"""A CSV catalogue: what is wrong is reported by file, line and field, and the rest is imported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ascertain.domain.skills import Level
from ascertain.errors import InputError
from ascertain.pipeline.files import import_catalogue
from ascertain.store import Store
from tests.unit.pipeline.ingest_world import new_store

HEADER = "title,description,level,duration,skills,platform\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = new_store(tmp_path)
    yield found
    found.close()


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "courses.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_become_content(store: Store, tmp_path: Path) -> None:
    rows = '"SQL, quickly",<p>Joins &amp; more.</p>,Beginner ,1 - 4 Weeks,"{"" SQL"","" Joins""}",X\n'
    report = import_catalogue(write(tmp_path, "\ufeff" + HEADER + rows), store.units, external=True)
    assert (report.rows, report.new, report.problems) == (1, 1, [])
    with store.units(write=False) as uow:
        (found,) = uow.contents.all()
    assert (found.item.title, found.item.level, found.item.hours) == ("SQL, quickly", Level.FOUNDATION, 10.0)
    assert found.description == "Joins & more.\nSkills: SQL."
    assert found.item.external
    assert found.system == "catalogue"


def test_a_malformed_row_is_named_and_the_rest_imported(store: Store, tmp_path: Path) -> None:
    text = HEADER + (
        "A,Fine.,Beginner,60,,X\n"
        ",No title.,Beginner,60,,X\n"
        "B,,Beginner,60,,X\n"
        "C,Too few,Beginner\n"
        "D,Odd level.,Wizard,60,,X\n"
        "E,Odd time.,Mixed,later,,X\n"
        '"F","Two\nlines.",Advanced,2 hours,,X\n'
        "A,Fine.,Beginner,60,,X\n"
        "\n"
        "G,Last.,None,None,None,X\n"
    )
    report = import_catalogue(write(tmp_path, text), store.units)
    assert [(p.where, p.field, p.imported) for p in report.problems] == [
        ("courses.csv:3", "title", False),
        ("courses.csv:4", "description", False),
        ("courses.csv:5", "", False),
        ("courses.csv:6", "level", True),
        ("courses.csv:7", "duration", True),
        ("courses.csv:10", "title", False),
    ]
    assert (report.rows, report.new, report.rejected, report.duplicates) == (9, 5, 3, 1)
    with store.units(write=False) as uow:
        assert sorted(c.item.title for c in uow.contents.all()) == ["A", "D", "E", "F", "G"]


def test_an_open_quote_does_not_swallow_the_file(store: Store, tmp_path: Path) -> None:
    rows = [f"T{n},About {n}.,Beginner,60,,X\n" for n in range(200)]
    rows[20] = '"T20,About 20.,Beginner,60,,X\n'
    report = import_catalogue(write(tmp_path, HEADER + "".join(rows)), store.units)
    assert report.problems[0].where == "courses.csv:22"
    assert (report.new, report.rejected) == (199, 1)


def test_importing_twice_changes_nothing_and_an_edit_is_seen(store: Store, tmp_path: Path) -> None:
    text = HEADER + "A,Fine.,Beginner,60,,X\nB,Good.,Advanced,60,,X\n"
    import_catalogue(write(tmp_path, text), store.units)
    again = import_catalogue(write(tmp_path, text), store.units)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)
    edited = import_catalogue(write(tmp_path, text.replace("Good", "Better")), store.units)
    assert (edited.new, edited.changed, edited.unchanged) == (0, 1, 1)


def test_bytes_that_are_not_utf8_are_reported(store: Store, tmp_path: Path) -> None:
    report = import_catalogue(write(tmp_path, HEADER.encode() + b"Caf\xe9,Coffee.,Beginner,60,,X\n"), store.units)
    assert [(p.field, p.imported) for p in report.problems] == [("title", True)]
    assert report.new == 1


def test_a_missing_column_or_file_is_an_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"courses.csv:1, field 'description'"):
        import_catalogue(write(tmp_path, "title,level\nA,Beginner\n"), store.units)
    with pytest.raises(InputError, match="cannot be read"):
        import_catalogue(tmp_path / "none.csv", store.units)
