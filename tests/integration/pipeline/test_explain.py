"""The receipt of a stored assertion."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ascertain.cli.render import receipt_view
from ascertain.cli.terminal import DataConsole
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.runs import DecisionKind
from ascertain.pipeline.explain import Receipt, explain
from ascertain.pipeline.results import review_id
from ascertain.pipeline.review import decide
from tests.integration.pipeline.world import POLICY, World, piece

GOLDEN = Path(__file__).parent / "golden_explain.txt"


def _receipt(world: World, skill: str) -> Receipt:
    ident = world.assertions()[skill].id
    with world.store.units(write=False) as uow:
        return explain(uow, ident)


def test_a_receipt_names_every_origin_with_its_effect(world: World) -> None:
    world.add(
        piece("e-badge", kind=EvidenceKind.BADGE, origin="o-e-exam", title="SQL badge", content_id="sql-101"),
        piece("e-low", text="Her SQL struggles to run."),
    )
    world.assess()
    receipt = _receipt(world, "sql")
    by_id = {r.evidence_id: r for r in receipt.reasons}
    assert set(by_id) == {"e-exam", "e-cert", "e-ticket", "e-low"}
    assert by_id["e-exam"].repeats == 1  # the badge of the same course
    assert by_id["e-cert"].repeats == 0
    assert by_id["e-exam"].delta > 0 > by_id["e-low"].delta
    assert (by_id["e-low"].supports, by_id["e-exam"].supports) == (False, True)
    assert by_id["e-exam"].title == "SQL first steps"
    assert by_id["e-ticket"].quote == "Rewrote the SQL of the revenue report."
    assert receipt.learner_name == "Ann Archer"
    assert receipt.threshold == pytest.approx(0.95)
    assert [abs(r.delta) for r in receipt.reasons] == sorted((abs(r.delta) for r in receipt.reasons), reverse=True)


def test_the_explanation_reads_as_agreed(world: World) -> None:
    """In plain language; a change of its words is a change of this page, which somebody reads."""
    world.assess()
    with world.store.units() as uow:
        item = review_id(world.assertions()["kubernetes"].id)
        decide(uow, item, DecisionKind.ACCEPT, reason="Saw her do it.", reviewer="E3", clock=world.clock)
        uow.commit()
    said = []
    for skill in ("sql", "kubernetes", "negotiation"):
        out = io.StringIO()
        console = DataConsole(out, width=110)
        receipt_view(console, _receipt(world, skill))
        text = out.getvalue().replace(world.assertions()[skill].id, "(id)").replace(POLICY.version, "(policy)")
        said.append("\n".join(line.rstrip() for line in text.splitlines()))
    page = "\n\n".join(said) + "\n"
    assert page == GOLDEN.read_text(encoding="utf-8"), page


def test_an_opinion_raises_the_threshold_and_the_review_is_shown(world: World) -> None:
    world.assess()
    receipt = _receipt(world, "kubernetes")
    assert receipt.threshold == pytest.approx(0.98)
    assert receipt.review is not None
    assert receipt.review.decision is None
    with world.store.units() as uow:
        decide(uow, receipt.review.id, DecisionKind.REJECT, reason="x", reviewer="E3", clock=world.clock)
        uow.commit()
    after = _receipt(world, "kubernetes")
    assert after.review is not None
    assert after.review.decision is DecisionKind.REJECT


def test_the_promised_proof_really_is_accepted_when_it_comes(world: World) -> None:
    world.remove("e-cert", "e-ticket")
    world.assess()
    before = _receipt(world, "sql")
    assert (before.assertion.confidence or 0) < before.threshold
    kinds = {
        "one more resolved ticket": EvidenceKind.TICKET,
        "a completed course": EvidenceKind.COMPLETION,
        "an assessment": EvidenceKind.ASSESSMENT,
        "a project": EvidenceKind.PROJECT,
        "a certification": EvidenceKind.CERTIFICATION,
    }
    kind = next(k for words, k in kinds.items() if before.next_proof.startswith(words))
    assert before.next_proof.endswith(f"at level {before.assertion.level}")
    for i in range(2):  # the tag's probability is 0.9, so two real ones stand for one that is certain
        world.add(piece(f"e-proof-{i}", kind=kind, title="SQL", text="SQL", score=0.9, level=before.assertion.level))
    world.assess()
    after = _receipt(world, "sql")
    assert after.next_proof == ""
    assert (after.assertion.confidence or 0) >= after.threshold


def test_evidence_that_is_gone_is_said_to_be(world: World) -> None:
    world.assess()
    world.remove("e-exam")
    gone = next(r for r in _receipt(world, "sql").reasons if r.evidence_id == "e-exam")
    assert (gone.title, gone.occurred_on) == ("(no longer stored)", None)
    assert gone.delta != 0
