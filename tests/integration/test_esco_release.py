"""The public ESCO release, where it lies beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.paths import APP_ROOT, CONFIG_DIR
from ascertain.taxonomy import TaxonomyLibrary

ESCO = APP_ROOT.parent / "shared" / "data" / "esco"


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.skipif(not (ESCO / "skills_en.csv").exists(), reason=f"no ESCO release at ../shared/data/{ESCO.name}")
def test_the_whole_release_is_imported_and_searchable(tmp_path: Path) -> None:
    library = TaxonomyLibrary(tmp_path, CONFIG_DIR)
    report = library.import_taxonomy("esco", ESCO)
    left_out = {d.id for d in report.denied if d.what == "skill"}
    assert report.skills + len(left_out) == 13_896, "every skill of the release is in, or named among those left out"
    assert len(left_out) == 10, "empathy and its like; a change of config/taxonomy/deny.yaml moves this figure"
    assert report.job_profiles > 2_900
    assert report.seconds < 60
    bundle = library.open("esco")
    found = bundle.mapper.rank(["You will develop software in Java and manage a team."], 100)[0]
    assert len(found) == 100
    assert any("Java" in c.label for c in found[:5])
    programmer = next(p for p in bundle.taxonomy.job_profiles() if p.title == "software developer")
    assert {r.essential for r in programmer.requirements} == {True, False}
