from __future__ import annotations

from ascertain.domain.skills import Skill
from ascertain.taxonomy.forms import forms
from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.text import stem


def written(skills: list[Skill], lexicon: Lexicon) -> dict[str, set[str]]:
    """Skill id → its forms."""
    found: dict[str, set[str]] = {s.id: set() for s in skills}
    for f in forms(skills, lexicon):
        found[skills[f.skill].id].add(" ".join(f.terms))
    return found


def test_a_synonym_that_is_another_skills_label_names_that_one_alone(lexicon: Lexicon) -> None:
    skills = [Skill("a", "beam joining", synonyms=("timber framing", "beam fixing")), Skill("b", "timber framing")]
    assert written(skills, lexicon)["a"] == {
        f"{stem('beam')} {stem('joining')}",
        f"{stem('beam')} {stem('fixing')}",
    }


def test_one_word_that_many_skills_are_about_is_no_synonym(lexicon: Lexicon) -> None:
    many = [Skill(f"s{i}", f"security of {thing}") for i, thing in enumerate("abcdefgh")]
    stocks = Skill("x", "bonds and stocks", synonyms=("security", "shares"))
    door = Skill("y", "door security", synonyms=("security",))
    assert written([*many, door], lexicon)["y"] == {f"{stem('door')} {stem('security')}"}
    assert stem("security") not in written([*many, stocks], lexicon)["x"]
    assert stem("security") in written([*many[:4], stocks], lexicon)["x"]
    assert stem("shares") in written([*many, stocks], lexicon)["x"]


def test_a_company_is_no_synonym_of_what_it_makes(lexicon: Lexicon) -> None:
    found = written([Skill("x", "search engines", synonyms=("Google", "web search"))], lexicon)
    assert found["x"] == {f"{stem('search')} {stem('engines')}", f"{stem('web')} {stem('search')}"}


def test_a_company_in_the_label_stays(lexicon: Lexicon) -> None:
    assert stem("google") in written([Skill("x", "Google Docs", synonyms=("Google",))], lexicon)["x"]


def test_a_verb_that_adds_nothing_may_be_left_off_the_label(lexicon: Lexicon) -> None:
    data = f"{stem('data')} {stem('analysis')}"
    found = written(
        [Skill("a", "perform data analysis"), Skill("b", "statistics", synonyms=("data analysis",))], lexicon
    )
    assert data in found["a"]
    assert data not in found["b"]
