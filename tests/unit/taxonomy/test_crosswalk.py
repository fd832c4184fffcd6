from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.domain.crosswalks import ConceptKind, Link, Relation, crosswalk_of
from ascertain.domain.skills import JobProfile, Requirement, Skill
from ascertain.errors import InputError, IntegrityError, NotFoundError
from ascertain.taxonomy.concepts import ConceptStore
from ascertain.taxonomy.crosswalk import CrosswalkLibrary, profiles_for, read_crosswalk
from ascertain.taxonomy.denying import read_denied
from ascertain.taxonomy.leading import is_called

CHIEF, CEO, AIRPORT = "11-1011.00", "http://x/occupation/ceo", "http://x/occupation/airport"
OFFICIAL = f"""\ufeffMapping project name,ESCO-O*NET Crosswalk,,,,,
Classification 1 Name,O*NET,,,,,
,,,,,,
O*NET Id,O*NET Title,O*NET Description,ESCO or ISCO URI,ESCO or ISCO Title,ESCO or ISCO Description,Type of Match
{CHIEF},Chief Executives,"Determine,
and formulate.",{CEO},chief executive officer,Heads.,exactMatch
{CHIEF},Chief Executives,x,{AIRPORT},airport chief executive,y,broadMatch
{CHIEF},Chief Executives,x,http://x/isco/C1,Chiefs,y,exactISCO
{CHIEF},Chief Executives,x,{AIRPORT},airport chief executive,y,closeMatch
{CHIEF},Chief Executives,x,,nobody,y,closeMatch
11-2022.00,Sales Managers,x,http://x/occupation/sales,sales manager,y,sameMatch
11-2022.00,Sales Managers,x,http://x/occupation/sales,sales manager,y,narrowMatch
"""
OWN = "relation,from,to\nexact,python,S1\nbroader,django,S1\nclose,flask,S2\nsimilar,rust,S3\nexact,,S4\n"


@pytest.fixture
def official(tmp_path: Path) -> Path:
    file = tmp_path / "crosswalk.csv"
    file.write_text(OFFICIAL, encoding="utf-8")
    return file


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "own.csv"
    file.write_text(OWN, encoding="utf-8")
    return file


@pytest.fixture
def library(tmp_path: Path) -> CrosswalkLibrary:
    return CrosswalkLibrary(tmp_path / "taxonomies")


def test_the_official_file_is_read_with_matches_said_of_the_target(official: Path) -> None:
    kind, links, _ = read_crosswalk(official, "onet", "esco")
    assert kind is ConceptKind.OCCUPATION
    assert links == [
        Link(CHIEF, CEO, Relation.EXACT),
        Link(CHIEF, AIRPORT, Relation.NARROWER),
        Link(CHIEF, "http://x/isco/C1", Relation.EXACT),
        Link("11-2022.00", "http://x/occupation/sales", Relation.BROADER),
    ]
    _, turned, _ = read_crosswalk(official, "esco", "onet")
    assert Link(AIRPORT, CHIEF, Relation.BROADER) in turned


def test_bad_rows_are_named_with_the_line_of_the_file(official: Path, own: Path) -> None:
    _, _, problems = read_crosswalk(official, "onet", "esco")
    assert [(p.line, p.field) for p in problems] == [
        (9, "ESCO or ISCO URI"),
        (10, "ESCO or ISCO URI"),
        (11, "Type of Match"),
    ]
    assert "line 7" in problems[0].message
    _, links, problems = read_crosswalk(own, "house", "esco")
    assert len(links) == 3
    assert [(p.file, p.line, p.field) for p in problems] == [("own.csv", 5, "relation"), ("own.csv", 6, "from")]


def test_it_is_kept_by_content_and_looked_up_both_ways(library: CrosswalkLibrary, official: Path, own: Path) -> None:
    report = library.import_crosswalk(official, "onet", "esco")
    assert library.import_crosswalk(official, "onet", "esco").id == report.id
    skills = library.import_crosswalk(own, "house", "esco")
    assert report.id.startswith("occupation-onet-esco+")
    assert skills.id.startswith("skill-house-esco+")
    assert set(library.ids()) == {report.id, skills.id}
    walk = library.open(report.id.rpartition("+")[2][:6])
    assert (walk.source, walk.target, len(walk.links)) == ("onet", "esco", report.links)
    assert [k.target for k in walk.targets(CHIEF)] == ["http://x/isco/C1", CEO, AIRPORT], "the nearest first"
    assert walk.sources(AIRPORT) == [Link(AIRPORT, CHIEF, Relation.BROADER)], "turned round"
    assert walk.targets("nothing") == []
    assert library.links_to("onet", CEO) == [Link(CEO, CHIEF, Relation.EXACT)]
    assert library.links_to("house", "S1") == [
        Link("S1", "python", Relation.EXACT),
        Link("S1", "django", Relation.NARROWER),
    ]


def test_a_newer_import_takes_the_place_of_an_older_one(library: CrosswalkLibrary, own: Path) -> None:
    import os
    import time

    first = library.import_crosswalk(own, "house", "esco")
    own.write_text("from,to,relation\npython,S9,exact\n", encoding="utf-8")
    second = library.import_crosswalk(own, "house", "esco")
    for age, report in enumerate((second, first)):
        file = next(f for f in (library._folder).glob(f"{report.id}*"))
        os.utime(file, (time.time() - 60 * age,) * 2)
    assert [w.id for w in library.newest()] == [second.id]
    assert [k.target for k in library.links_to("esco", "python")] == ["S9"]
    assert library.open(first.id).links != library.open(second.id).links


def test_ids_that_a_taxonomy_does_not_have_are_counted(library: CrosswalkLibrary, own: Path) -> None:
    known = {"S1": "Skill one"}
    report = library.import_crosswalk(own, "house", "esco", known=lambda name, kind: known if name == "esco" else None)
    assert (report.unknown_sources, report.unknown_targets) == (None, 1)


def test_what_can_never_be_a_skill_slips_in_by_no_name(library: CrosswalkLibrary, tmp_path: Path) -> None:
    """By its id, by its name in the file, or by the label of either end."""
    file = tmp_path / "own.csv"
    rows = ("Empathy,S1,exact,,", "H2,S1,exact,Emotional stability,", "H3,S1,exact,,Empathy", "H4,S2,exact,,")
    file.write_text("\n".join(("from,to,relation,label,target", *rows, "H5,S1,exact,Python,", "S9,S1,close,,")))
    known = {"house": {"S9": "empathy"}, "esco": {"S1": "Python", "S2": "emotional intelligence"}}
    report = library.import_crosswalk(file, "house", "esco", known=lambda name, _: known[name], deny=read_denied())
    assert [(p.line, p.field) for p in report.problems] == [(n, "from") for n in (2, 3, 4, 5, 7)]
    assert all("can never be a skill" in p.message for p in report.problems)
    (walk,) = library.newest()
    assert walk.links == (Link("H5", "S1", Relation.EXACT),)
    with pytest.raises(InputError, match="'Our list' is no name of a taxonomy"):
        library.import_crosswalk(file, "Our list", "esco")


def test_a_framework_is_known_by_the_words_for_it() -> None:
    told = ("O*NET", "O*NET-SOC 28.3", "o*net content model", "ONET", "onetwo", "ESCO", "")
    assert [is_called(t, "onet") for t in told] == [True, True, True, True, False, False, False]
    assert is_called("HR skills", "hr-skills")


def test_what_is_led_is_there_and_can_be_a_skill() -> None:
    links = [Link("1", "S1", Relation.CLOSE), Link("1", "S2", Relation.EXACT), Link("2", "S3", Relation.EXACT)]
    back = crosswalk_of("own", "onet", ConceptKind.SKILL, [Link("S1", "9", Relation.BROADER)])
    walks = [crosswalk_of("hris", "own", ConceptKind.SKILL, links), back]
    store = ConceptStore(
        "own-1+0", [Skill("S1", "One"), Skill("S2", "Two")], walks=walks, moves={"S3": ("S1",)}, denied={"S2"}
    )
    assert store.led("1") == Link("1", "S1", Relation.CLOSE), "S2 can never be a skill by now"
    assert store.led("2", "HRIS") == Link("2", "S1", Relation.EXACT), "what was merged is followed"
    assert store.led("2", "O*NET") is None, "ids of one framework are not those of another"
    assert store.led("9", "O*NET") == Link("9", "S1", Relation.NARROWER)
    assert store.led("S1", "own") == Link("S1", "S1", Relation.EXACT)
    assert store.led("S1") is None, "an id without its framework is no id of this one"


def test_job_profiles_are_found_by_the_code_of_another_taxonomy(library: CrosswalkLibrary, official: Path) -> None:
    library.import_crosswalk(official, "onet", "esco")
    needs = (Requirement("s", 3, 1.0),)  # type: ignore[arg-type]
    profiles = [
        JobProfile(CEO, "chief executive officer", needs, references={"isco": "1120"}),
        JobProfile(AIRPORT, "airport chief executive", needs),
    ]
    store = ConceptStore("esco-1+0", [Skill("s", "S")], profiles)
    found = profiles_for(store, "esco", CHIEF, library)
    assert [(p.title, link.relation if link else None) for p, link in found] == [
        ("chief executive officer", Relation.EXACT),
        ("airport chief executive", Relation.NARROWER),
    ]
    assert [(p.id, link) for p, link in profiles_for(store, "esco", CEO, library)] == [(CEO, None)]
    assert [p.id for p, _ in profiles_for(store, "esco", "1120", library)] == [CEO]
    assert profiles_for(store, "esco", "99-9999.99", library) == []
    led = ConceptStore("esco-1+0", [Skill("s", "S")], profiles, walks=library.newest())
    assert (chief := led.job_profile(CHIEF)) is not None
    assert chief.id == CEO
    assert led.job_profile("11-2022.00") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n", "neither the columns"),
        ("", "neither the columns"),
        ("from,to,relation\nx,y,same\n", "no usable link"),
    ],
)
def test_a_file_without_a_link_is_an_error(library: CrosswalkLibrary, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told) as wrong:
        library.import_crosswalk(file, "a", "b")
    assert wrong.value.remedy
    assert library.ids() == []


def test_names_that_do_not_fit_are_an_error(library: CrosswalkLibrary, official: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="between O\\*NET and ESCO"):
        library.import_crosswalk(official, "esco", "house")
    with pytest.raises(InputError, match="from one taxonomy to another"):
        library.import_crosswalk(official, "esco", "esco")
    with pytest.raises(InputError, match="cannot read"):
        library.import_crosswalk(tmp_path / "none.csv", "a", "b")
    with pytest.raises(NotFoundError, match="no crosswalk"):
        library.open("abcdef")


def test_a_changed_file_is_refused(library: CrosswalkLibrary, own: Path, tmp_path: Path) -> None:
    report = library.import_crosswalk(own, "house", "esco")
    (file,) = (tmp_path / "taxonomies").glob("*.crosswalk.json")
    file.write_bytes(file.read_bytes().replace(b"django", b"djinni"))
    with pytest.raises(IntegrityError, match="not what its name says"):
        library.open(report.id)
