"""The public O*NET database and crosswalk, and two versions of ESCO, where they lie beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.domain.crosswalks import Relation
from ascertain.domain.skills import SkillFamily
from ascertain.domain.version_diff import compare
from ascertain.paths import APP_ROOT, CONFIG_DIR
from ascertain.taxonomy import TaxonomyLibrary
from ascertain.taxonomy.crosswalk import CrosswalkLibrary, profiles_for
from ascertain.taxonomy.formats.onet import load_onet

DATA = APP_ROOT.parent / "shared" / "data"
CROSSWALK = DATA / "crosswalks" / "crosswalk_esco_onet_occupations.csv"
pytestmark = pytest.mark.data


@pytest.mark.skipif(not (DATA / "onet" / "Skills.txt").exists(), reason="no O*NET database at ../shared/data/onet")
def test_onet_reads_without_a_bad_row() -> None:
    loaded = load_onet(DATA / "onet")
    assert loaded.problems == ()
    assert sum(s.family is SkillFamily.DURABLE for s in loaded.skills) == 35
    assert len(loaded.skills) > 8_500
    assert len(loaded.job_profiles) > 850


@pytest.mark.skipif(not (DATA / "onet" / "Skills.txt").exists(), reason="no O*NET database at ../shared/data/onet")
def test_onet_reads_alike_when_split_as_from_30_3_on(tmp_path: Path) -> None:
    """The real ratings in the files, and under the columns, that 30.3 gave them."""
    source, folder = DATA / "onet", tmp_path / "db_30_3_text"
    folder.mkdir()
    for name in ("Occupation Data.txt", "Content Model Reference.txt"):
        (folder / name).write_bytes((source / name).read_bytes())
    header, *rows = (source / "Skills.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    for name, branch in (("Essential Skills.txt", "\t2.A."), ("Transferable Skills.txt", "\t2.B.")):
        (folder / name).write_text(header + "".join(r for r in rows if branch in r), encoding="utf-8")
    technologies = (source / "Technology Skills.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    renamed = technologies[0].replace("Commodity Code", "Element ID").replace("Commodity Title", "Element Name")
    renamed = renamed.replace("Example", "Workplace Example")
    (folder / "Software Skills.txt").write_text(renamed + "".join(technologies[1:]), encoding="utf-8")
    before, after = load_onet(source), load_onet(folder)
    assert after.release == "30.3"
    assert after.problems == ()
    assert sorted(s.id for s in after.skills) == sorted(s.id for s in before.skills)
    assert {p.id: set(p.requirements) for p in after.job_profiles} == {
        p.id: set(p.requirements) for p in before.job_profiles
    }


@pytest.mark.slow
@pytest.mark.skipif(
    not (CROSSWALK.exists() and (DATA / "esco" / "skills_en.csv").exists()),
    reason="no crosswalk or no ESCO release beside the project",
)
def test_the_official_crosswalk_leads_to_esco_occupations(tmp_path: Path) -> None:
    walks = CrosswalkLibrary(tmp_path)
    report = walks.import_crosswalk(CROSSWALK, "onet", "esco")
    assert (report.links, report.problems) == (4_253, ())
    library = TaxonomyLibrary(tmp_path, CONFIG_DIR, words_only=True)
    library.import_taxonomy("esco", DATA / "esco", release="1.1.1")
    store = library.open("esco").taxonomy
    found = {p.title: link.relation for p, link in profiles_for(store, "esco", "15-1252.00", walks) if link}
    assert found["software developer"] is Relation.NARROWER, "O*NET's Software Developers are the wider occupation"
    assert len(found) > 5
    if (DATA / "esco-1.1.0").exists():
        older = library.import_taxonomy("esco", DATA / "esco-1.1.0", release="1.1.0")
        left_out = sum(d.what == "skill" for d in older.denied)
        d = compare(library.open("esco@1.1.0").taxonomy, library.open("esco@1.1.1").taxonomy)
        assert (d.kept + left_out, len(d.gone), len(d.new), len(d.renamed)) == (13_891, 0, 5, 2)
