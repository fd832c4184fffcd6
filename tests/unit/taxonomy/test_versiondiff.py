from __future__ import annotations

from ascertain.domain.crosswalks import Link, Relation, Renamed, Succession
from ascertain.domain.skills import Skill
from ascertain.domain.version_diff import compare
from ascertain.taxonomy.concepts import ConceptStore
from ascertain.taxonomy.versiondiff import succession

BEFORE = ConceptStore(
    "t-1+a",
    [
        Skill("same", "Same"),
        Skill("renamed", "Old name"),
        Skill("moved", "Moved"),
        Skill("merged", "Merged"),
        Skill("called", "Called otherwise", synonyms=("Now the label",)),
        Skill("doubtful", "Doubtful"),
        Skill("lost", "Lost"),
    ],
)
AFTER = ConceptStore(
    "t-2+b",
    [
        Skill("same", "Same", synonyms=("as before",)),
        Skill("renamed", "New name"),
        Skill("m2", "moved"),
        Skill("wide", "Wide", synonyms=("merged",)),
        Skill("c2", "Now the label"),
        Skill("d1", "One", synonyms=("doubtful",)),
        Skill("d2", "Two", synonyms=("doubtful",)),
    ],
)


def test_what_became_of_each_skill() -> None:
    d = compare(BEFORE, AFTER)
    assert (d.before, d.after, d.kept) == ("t-1+a", "t-2+b", 2)
    assert d.renamed == (Renamed("renamed", "Old name", "New name"),)
    assert {id_ for id_, _ in d.gone} == {"moved", "merged", "called", "doubtful", "lost"}
    assert {id_ for id_, _ in d.new} == {"m2", "wide", "c2", "d1", "d2"}
    assert set(d.succeeded) == {
        Succession("moved", "Moved", "m2", "label"),
        Succession("merged", "Merged", "wide", "synonym"),
        Succession("called", "Called otherwise", "c2", "synonym"),
    }


def test_the_diff_leads_from_old_ids_to_new_ones() -> None:
    walk = succession(compare(BEFORE, AFTER), BEFORE)
    assert walk.targets("same") == [Link("same", "same", Relation.EXACT)]
    assert walk.targets("moved") == [Link("moved", "m2", Relation.EXACT)]
    assert walk.targets("merged") == [Link("merged", "wide", Relation.CLOSE)]
    assert walk.targets("lost") == walk.targets("doubtful") == []
    assert walk.sources("m2") == [Link("m2", "moved", Relation.EXACT)]


def test_a_version_differs_in_nothing_from_itself() -> None:
    d = compare(BEFORE, BEFORE)
    assert (d.kept, d.gone, d.new, d.renamed, d.succeeded) == (7, (), (), (), ())
