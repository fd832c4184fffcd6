from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascertain.domain.ports import Mapper
from ascertain.domain.skills import Skill
from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy.index import build
from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.mapper import SkillMapper
from ascertain.taxonomy.model import MappingModel, read_model

WORDS = [
    "SQL",
    "Excel",
    "project",
    "management",
    "no experience with",
    "Go",
    "feedback",
    "data",
    "models",
    ".",
    ";",
    "the",
]


def ids(mapper: Mapper, text: str, floor: float = 0.5) -> set[str]:
    return {c.skill_id for c in mapper.map([text], top=10)[0] if c.probability >= floor}


@pytest.mark.parametrize(
    ("text", "skills"),
    [
        ("Rewrote the SQL of the nightly report.", {"sql"}),
        ("Builds pivot tables that others copy.", {"excel"}),
        ("Deployed the service to k8s and described it in Terraform.", {"kubernetes", "terraform"}),
        ("She models data and the data models hold.", {"modelling"}),
        ("Prepares her feedback conversations well.", {"feedback"}),
    ],
)
def test_finds_what_is_named(mapper: SkillMapper, text: str, skills: set[str]) -> None:
    assert skills <= ids(mapper, text)


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("IT is a nice day and it will last.", "sql"),
        ("It is late.", "it"),
        ("Go to the portal.", "go"),
        ("They go home.", "go"),
        ("It reacts to clicks.", "react"),
        ("Plan c is ready.", "c"),
        ("Mr r. Smith called.", "r"),
        ("He excels at chess.", "excel"),
        ("He has no experience with Kubernetes.", "kubernetes"),
        ("SQL is not required.", "sql"),
        ("Lunch is included.", "project"),
        ("", "sql"),
    ],
)
def test_does_not_take_everyday_words_negations_or_boilerplate_for_skills(
    mapper: SkillMapper, text: str, never: str
) -> None:
    assert never not in ids(mapper, text, 0.0)


@pytest.mark.parametrize(
    ("text", "skill"),
    [
        ("Wrote the backend in Go.", "go"),
        ("Statistics in R, plots included.", "r"),
        ("Ten years in IT.", "it"),
        ("She likes React.", "react"),
    ],
)
def test_takes_them_for_skills_where_written_as_names(mapper: SkillMapper, text: str, skill: str) -> None:
    def p(written: str) -> float:
        return next(c.probability for c in mapper.rank([written], 14)[0] if c.skill_id == skill)

    assert p(text) > 0.02
    assert p(text.lower()) < p(text)


def test_the_longer_phrase_beats_the_one_inside_it(mapper: SkillMapper) -> None:
    found = mapper.map(["Introduced project management software."], top=5)[0]
    assert found[0].skill_id == "project-software"


def test_a_sentence_without_any_skill_gives_nothing(mapper: SkillMapper) -> None:
    assert mapper.map(["The canteen opens at noon.", "  "], top=5) == [[], []]


def test_the_quote_is_the_sentence_as_written(mapper: SkillMapper) -> None:
    text = "<p>Pleasant colleague.</p>\n<p>He <b>rewrote</b> the SQL &amp; tests.</p> Thanks."
    best = mapper.map([text], top=1)[0][0]
    assert best.skill_id == "sql"
    assert best.quote == "He <b>rewrote</b> the SQL &amp; tests."
    assert best.quote in text


def test_more_sentences_on_a_skill_make_it_likelier_but_a_copy_does_not(mapper: SkillMapper) -> None:
    def p(text: str) -> float:
        return next(c.probability for c in mapper.rank([text], 9)[0] if c.skill_id == "feedback")

    once = p("Her feedback was helpful to the group.")
    assert p("Her feedback was helpful to the group. Her feedback was helpful to the group.") == once
    assert p("Her feedback was helpful to the group. Feedback of hers is always kind.") > once


def test_rank_always_fills_up_and_never_repeats(mapper: SkillMapper) -> None:
    for found in mapper.rank(["SQL and Excel", "", "nothing known"], 12):
        assert len(found) == len({c.skill_id for c in found}) == 12
        assert [c.probability for c in found] == sorted((c.probability for c in found), reverse=True)


def test_rank_asks_for_no_more_than_there_is(mapper: SkillMapper) -> None:
    assert len(mapper.rank(["SQL"], 100)[0]) == 14


def test_equal_candidates_are_ordered_by_id(lexicon: Lexicon) -> None:
    twins = [Skill("b", "pruning"), Skill("a", "Pruning"), Skill("z", "weeding")]
    skills = sorted(twins, key=lambda s: s.id)
    mapper = SkillMapper(skills, build(skills, (), lexicon), lexicon, read_model(CONFIG_DIR, 3))
    found = mapper.rank(["pruning"], 3)[0]
    assert [c.skill_id for c in found[:2]] == ["a", "b"]
    assert found[0].probability == found[1].probability


def test_floor_and_top_bound_the_answer(lexicon: Lexicon, mapper: SkillMapper) -> None:
    text = "Project management, SQL, Excel, Terraform and feedback conversations."
    assert len(mapper.map([text], top=2)[0]) == 2
    skills = [Skill("sql", "SQL"), Skill("x", "SQL server tuning")]
    model = read_model(CONFIG_DIR, 2)
    strict = SkillMapper(skills, build(skills, (), lexicon), lexicon, replace(model, floor=1.1))
    assert strict.map(["SQL"], top=5) == [[]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), min_size=1, max_size=6))
def test_batches_change_nothing_and_probabilities_are_probabilities(mapper: SkillMapper, texts: list[str]) -> None:
    together = mapper.map(texts, top=5)
    assert together == [mapper.map([t], top=5)[0] for t in texts]
    assert all(
        0 <= c.probability <= 1 and c.quote in t for t, found in zip(texts, together, strict=True) for c in found
    )


def test_version_names_coefficients_and_lexicon(mapper: SkillMapper, lexicon: Lexicon) -> None:
    assert mapper.version.startswith("lexical-")
    assert mapper.version.endswith(lexicon.version)


def test_the_model_is_one_the_file_holds() -> None:
    small, large = read_model(CONFIG_DIR, 500), read_model(CONFIG_DIR, 14_000)
    assert isinstance(small, MappingModel)
    assert small.intercepts.tolist() != large.intercepts.tolist()
    assert 0 < small.floor < 0.5
    assert 0 < large.floor < 0.5
