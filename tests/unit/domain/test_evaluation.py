from __future__ import annotations

from ascertain.domain.evaluation import LabelledRecord, Scores, Share, score
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.findings import Claim, Pick, Stance

A, B, C = (frozenset(x) for x in ("a", "b", "c"))
RECORDS = [
    LabelledRecord("r1", EvidenceKind.PROJECT, "t", "", shows=A | B, implied=B, also=C),
    LabelledRecord("r2", EvidenceKind.MANAGER_REVIEW, "t", "", lacks=A),
]


def scored(claims: list[Claim], picks: list[Pick]) -> Scores:
    return score(RECORDS, [(claims, picks)], refused={}, failed={}, usage=(), seconds=())


def test_what_is_labelled_is_found_or_missed() -> None:
    s = scored(
        [Claim("c1", "r1", "x"), Claim("c2", "r2", "y", Stance.CONTRADICTS)],
        [Pick("c1", "a", 0.8), Pick("c1", "c", 0.9), Pick("c2", "a", 0.6)],
    )
    assert (s.right, s.named, s.implied, s.lacking) == (Share(2, 2), Share(1, 1), Share(1, 0), Share(1, 1))
    assert s.turned == 0
    assert s.said == (0.8 + 0.6) / 2
    assert s.brier is not None
    assert abs(s.brier - (0.04 + 0.16) / 2) < 1e-12


def test_a_lack_that_is_told_as_a_skill_is_wrong_and_turned() -> None:
    s = scored([Claim("c1", "r2", "y")], [Pick("c1", "a", 0.9)])
    assert (s.right, s.lacking, s.turned) == (Share(1, 0), Share(1, 0), 1)
    assert s.brier is not None
    assert abs(s.brier - 0.81) < 1e-12


def test_a_skill_that_several_quotes_of_a_record_show_counts_once() -> None:
    s = scored([Claim("c1", "r1", "x"), Claim("c2", "r1", "z")], [Pick("c1", "a", 0.5), Pick("c2", "a", 0.7)])
    assert s.right == Share(1, 1)
    assert s.said == 0.7


def test_nothing_found_is_no_division_by_nothing() -> None:
    s = score(RECORDS, [], refused={}, failed={"brain_failed": 1}, usage=(), seconds=())
    assert (s.right.value, s.named.value, s.brier, s.said) == (None, 0.0, None, None)
