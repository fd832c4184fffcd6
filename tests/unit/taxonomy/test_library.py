from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from ascertain.domain.skills import JobProfile, Skill
from ascertain.errors import ConfigError, InputError, IntegrityError, NotFoundError
from ascertain.taxonomy import TaxonomyLibrary
from ascertain.taxonomy.concepts import ConceptStore

CSV = (
    "id,label,kind,family,synonyms,definition\n"
    + "roses,Rose growing,skill,technical,rose care,Growing roses in a nursery.\n"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "flowers.csv"
    file.write_text(CSV, encoding="utf-8")
    return file


@pytest.fixture
def library(tmp_path: Path, config_dir: Path) -> TaxonomyLibrary:
    return TaxonomyLibrary(tmp_path / "taxonomies", config_dir)


def test_imports_and_opens(library: TaxonomyLibrary, source: Path) -> None:
    stages: list[str] = []
    report = library.import_taxonomy(
        "custom", source, name="flowers", progress=lambda stage, done, total: stages.append(stage)
    )
    assert (report.name, report.skills, report.job_profiles, report.problems) == ("flowers", 1, 0, ())
    assert report.version.startswith("flowers-1+")
    assert stages[-1] == "done"
    bundle = library.open("flowers")
    assert bundle.taxonomy.version == report.version
    assert bundle.taxonomy.skill("roses") == bundle.taxonomy.skills()[0]
    assert bundle.mapper.map(["Ran the rose growing of the nursery."], top=3)[0][0].skill_id == "roses"
    assert library.names() == ["starter", "flowers"]


def test_versions_live_side_by_side_and_the_newest_import_is_the_default(
    library: TaxonomyLibrary, source: Path
) -> None:
    first = library.import_taxonomy("custom", source, name="flowers").version
    source.write_text(CSV + "moss,Moss,skill,fast,,\n", encoding="utf-8")
    time.sleep(0.01)
    second = library.import_taxonomy("custom", source, name="flowers").version
    assert first != second
    assert library.open("flowers").taxonomy.version == second
    assert library.open(f"flowers@{first}").taxonomy.version == first
    assert library.open(f"flowers@{first.rpartition('+')[2][:6]}").taxonomy.version == first
    assert library.versions("flowers") == [second, first]
    source.write_text(CSV, encoding="utf-8")
    time.sleep(0.01)
    assert library.import_taxonomy("custom", source, name="flowers").version == first
    assert library.open("flowers").taxonomy.version == first


def test_artefacts_are_private(library: TaxonomyLibrary, source: Path, tmp_path: Path) -> None:
    library.import_taxonomy("custom", source, name="flowers")
    folder = tmp_path / "taxonomies"
    assert folder.stat().st_mode & 0o777 == 0o700
    files = list(folder.iterdir())
    assert len(files) == 3
    assert all(f.stat().st_mode & 0o777 == 0o600 for f in files)


def test_a_changed_artefact_is_refused(library: TaxonomyLibrary, source: Path, tmp_path: Path) -> None:
    library.import_taxonomy("custom", source, name="flowers")
    (file,) = (tmp_path / "taxonomies").glob("*.taxonomy.json")
    file.write_bytes(file.read_bytes().replace(b"Rose", b"Nose"))
    with pytest.raises(IntegrityError, match="not what its name says"):
        library.open("flowers")


@pytest.mark.parametrize("damage", [b"", b"no zip", None])
def test_a_lost_or_damaged_index_is_built_anew(
    library: TaxonomyLibrary, source: Path, tmp_path: Path, damage: bytes | None
) -> None:
    library.import_taxonomy("custom", source, name="flowers")
    (file,) = (tmp_path / "taxonomies").glob("*.npz")
    before = library.open("flowers").mapper.map(["rose care"], top=1)
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
    assert library.open("flowers").mapper.map(["rose care"], top=1) == before
    assert file.stat().st_size > 500


def test_unknown_names_and_formats_say_what_there_is(library: TaxonomyLibrary, source: Path) -> None:
    library.import_taxonomy("custom", source, name="flowers")
    with pytest.raises(NotFoundError) as missing:
        library.open("esco")
    assert "flowers@1+" in (missing.value.remedy or "")
    with pytest.raises(NotFoundError):
        library.open("flowers@9.9")
    with pytest.raises(InputError, match="no format"):
        library.import_taxonomy("skos", source)
    for name in ("starter", "Flowers", "../x", "a-b"):
        with pytest.raises(InputError, match="cannot name"):
            library.import_taxonomy("custom", source, name=name)


def test_the_starter_taxonomy_opens_from_the_configuration(library: TaxonomyLibrary, tmp_path: Path) -> None:
    first = library.open("starter")
    assert first.taxonomy.version.startswith("starter-1+")
    kept = list((tmp_path / "taxonomies").glob("starter-*.npz"))
    assert len(kept) == (0 if first.problems else 1)
    again = library.open("starter")
    text = ["Rewrote the SQL of the report."]
    assert again.mapper.map(text, top=5) == first.mapper.map(text, top=5)
    assert library.open(f"starter@{first.taxonomy.version}").taxonomy.version == first.taxonomy.version
    with pytest.raises(NotFoundError):
        library.open("starter@0")


def test_the_version_follows_the_content(tmp_path: Path, config_dir: Path) -> None:
    copy = tmp_path / "config"
    shutil.copytree(config_dir, copy)
    library = TaxonomyLibrary(tmp_path / "taxonomies", copy)
    before = library.open("starter").taxonomy.version
    file = next((copy / "roles").glob("*.json"))
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert library.open("starter").taxonomy.version != before


def test_the_starter_taxonomy_opens_where_nothing_can_be_kept(tmp_path: Path, config_dir: Path, source: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder", encoding="utf-8")
    library = TaxonomyLibrary(in_the_way, config_dir)
    assert library.open("starter").mapper.map(["SQL"], top=1)[0][0].skill_id == "sql"
    with pytest.raises(ConfigError, match="cannot write"):
        library.import_taxonomy("custom", source)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_no_obstacle_to_reading(tmp_path: Path, config_dir: Path) -> None:
    folder = tmp_path / "taxonomies"
    folder.mkdir(mode=0o500)
    assert TaxonomyLibrary(folder, config_dir).open("starter").taxonomy.skills()


def test_job_profiles_are_made_once_and_only_when_asked_for() -> None:
    asked: list[int] = []

    def profiles() -> list[JobProfile]:
        asked.append(1)
        return [JobProfile("b", "Gardener", ()), JobProfile("a", "Florist", ())]

    store = ConceptStore("1", [Skill("roses", "Rose growing")], profiles)
    assert store.skill("roses")
    assert not asked
    assert [p.id for p in store.job_profiles()] == ["a", "b"]
    assert store.job_profile("b") is store.job_profiles()[1]
    assert asked == [1]
