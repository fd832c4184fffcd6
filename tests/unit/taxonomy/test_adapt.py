"""Adapting a taxonomy of jargon from end to end: better, kept, used, refused, undone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ascertain.errors import ConfigError, InputError, IntegrityError
from ascertain.paths import APP_ROOT, CONFIG_DIR
from ascertain.taxonomy import TaxonomyLibrary
from ascertain.taxonomy.adapt import AdaptReport, Figure, _verdict, adapt
from ascertain.taxonomy.adapt_texts import Asked, read_labelled
from tests.integration.command import call

JARGON = APP_ROOT / "benchmarks" / "data" / "jargon_taxonomy.csv"
SENTENCES = APP_ROOT / "benchmarks" / "data" / "jargon_sentences.jsonl"
pytestmark = pytest.mark.skipif(not JARGON.is_file(), reason="the made taxonomy comes with the source only")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    TaxonomyLibrary(home / "taxonomies", CONFIG_DIR).import_taxonomy("custom", JARGON, name="jargon")
    return home


@pytest.fixture(scope="module")
def report(home: Path) -> AdaptReport:
    bundle = TaxonomyLibrary(home / "taxonomies", CONFIG_DIR, adapted=False).open("jargon")
    return adapt(bundle, CONFIG_DIR, home / "taxonomies")


def labelled(home: Path) -> list[Asked]:
    bundle = TaxonomyLibrary(home / "taxonomies", CONFIG_DIR, words_only=True).open("jargon")
    return read_labelled(SENTENCES, bundle.taxonomy.skills())


def test_it_gets_better_on_held_out_names_and_is_kept(report: AdaptReport, home: Path) -> None:
    assert report.adapted
    assert report.definition_share > 0, "jargon needs its definitions"
    by = {f.name: f for f in report.figures}
    assert by["log_loss"].change[2] < 0
    assert by["rp_at_1"].change[0] > 0
    (file,) = (home / "taxonomies").glob("jargon-*.adapted-*.json")
    assert report.adapted in file.name
    assert file.stat().st_mode & 0o777 == 0o600


def test_it_is_used_when_the_taxonomy_is_opened_and_real_sentences_gain(report: AdaptReport, home: Path) -> None:
    """The sentences were written before anything was fitted, and nothing was fitted on them."""
    folder = home / "taxonomies"
    shipped, mine = (TaxonomyLibrary(folder, CONFIG_DIR, adapted=a).open("jargon") for a in (False, True))
    assert f".adapted-{report.adapted}." in mine.mapper.version
    assert ".adapted-" not in shipped.mapper.version
    texts = [t for t in labelled(home) if t.gold]
    place = {s.id: i for i, s in enumerate(mine.taxonomy.skills())}

    def right(bundle_mapper: object) -> int:
        found = bundle_mapper.rank([t.text for t in texts], 1)  # type: ignore[attr-defined]
        return sum(place[c[0].skill_id] in t.gold for c, t in zip(found, texts, strict=True))

    assert right(mine.mapper) > right(shipped.mapper)


def test_a_second_time_gives_the_same_bytes(report: AdaptReport, home: Path) -> None:
    folder = home / "taxonomies"
    bundle = TaxonomyLibrary(folder, CONFIG_DIR, adapted=False).open("jargon")
    assert adapt(bundle, CONFIG_DIR, folder).adapted == report.adapted


def test_a_changed_file_is_refused_and_one_for_another_mapper_passed_over(
    report: AdaptReport, home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "taxonomies"
    folder.mkdir()
    for file in (home / "taxonomies").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (file,) = folder.glob("*.adapted-*.json")
    config = tmp_path / "config"
    config.mkdir()
    for name in ("mapper", "schemas", "taxonomy"):
        (config / name).symlink_to(CONFIG_DIR / name)
    (config / "mapper").unlink()
    (config / "mapper").mkdir()
    for part in (CONFIG_DIR / "mapper").iterdir():
        (config / "mapper" / part.name).write_bytes(part.read_bytes())
    model = config / "mapper" / "hybrid-1.json"
    model.write_bytes(model.read_bytes() + b"\n")
    assert ".adapted-" not in TaxonomyLibrary(folder, config).open("jargon").mapper.version
    assert "another version of the mapper" in caplog.text
    file.write_bytes(file.read_bytes().replace(b"0.3", b"0.4", 1))
    with pytest.raises(IntegrityError) as e:
        TaxonomyLibrary(folder, CONFIG_DIR).open("jargon")
    assert "--reset" in (e.value.remedy or "")
    assert call("taxonomy", "adapt", "jargon", "--reset", home=tmp_path).code == 0
    assert TaxonomyLibrary(folder, CONFIG_DIR).open("jargon")


def test_what_is_no_better_is_not_kept(home: Path, tmp_path: Path) -> None:
    """Labels that are wrong throughout, in a way that nothing can learn."""
    bundle = TaxonomyLibrary(home / "taxonomies", CONFIG_DIR, adapted=False).open("jargon")
    texts = [t for t in labelled(home) if t.gold]
    golds = [t.gold for t in texts]
    wrong = [Asked(t.text, golds[(i + 31) % len(golds)]) for i, t in enumerate(texts)]
    before = set((home / "taxonomies").iterdir())
    found = adapt(bundle, CONFIG_DIR, home / "taxonomies", wrong)
    if found.adapted is None:
        assert "not see" in found.why
        assert set((home / "taxonomies").iterdir()) == before
    else:  # learning that candidates are unlikely is an improvement too, but it must not cost ranks
        assert all(f.change[0] >= 0 for f in found.figures if f.name in ("rp_at_1", "rp_at_5"))


@pytest.mark.parametrize(
    ("loss", "first", "five", "kept"),
    [(-0.1, 0.0, 0.0, ""), (0.01, 0.1, 0.1, "log loss"), (-0.1, -0.01, 0.0, "RP@1"), (-0.1, 0.1, -0.01, "RP@5")],
)
def test_the_verdict(loss: float, first: float, five: float, kept: str) -> None:
    changes = {"log_loss": loss, "rp_at_1": first, "rp_at_5": five}
    none = (0.0, 0.0, 0.0)
    why = _verdict([Figure(n, 50, none, none, (c, c - 0.05, c)) for n, c in changes.items()])
    assert why.startswith(kept)
    assert bool(why) == bool(kept)


def test_too_little_to_judge_by(home: Path) -> None:
    bundle = TaxonomyLibrary(home / "taxonomies", CONFIG_DIR, adapted=False).open("jargon")
    with pytest.raises(InputError, match="there are 1 labelled texts and 40 are needed"):
        adapt(bundle, CONFIG_DIR, home / "taxonomies", [Asked("x", frozenset({1}))])


def test_an_own_model_is_refused(home: Path, tmp_path: Path) -> None:
    class Own:
        version = "own"

    library = TaxonomyLibrary(home / "taxonomies", CONFIG_DIR, own=lambda skills, folder: Own())  # type: ignore[arg-type,return-value]
    with pytest.raises(ConfigError, match="cannot adapt"):
        adapt(library.open("jargon"), CONFIG_DIR, tmp_path)


def test_the_command(home: Path, report: AdaptReport) -> None:
    answer = call("taxonomy", "adapt", "jargon", "--labelled", str(SENTENCES), "--json", home=home)
    assert answer.code == 0, answer.err
    assert answer.json["judged_on"].startswith("labelled texts")
    assert answer.json["labelled_texts"] == 79
    assert {f["name"] for f in answer.json["figures"]} >= {"log_loss", "rp_at_1", "rp_at_5"}
    shown = call("taxonomy", "adapt", "jargon", home=home)
    assert "RP@1" in shown.out
    assert "undo it" in shown.out
    gone = call("taxonomy", "adapt", "jargon", "--reset", "--json", home=home)
    assert gone.json["removed"] == 1
    assert json.loads(call("map", "--taxonomy", "jargon", "Nettle course", "--json", home=home).out)["skills"]
    assert call("taxonomy", "adapt", "nothing", home=home).code == 4
    assert call("taxonomy", "adapt", "jargon", "--labelled", str(home / "no"), home=home).code == 3
    assert call("taxonomy", "adapt", "jargon", "--reset", "--labelled", str(SENTENCES), home=home).code == 2
