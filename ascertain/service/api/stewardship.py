"""Changes of the taxonomy: proposals, what they would do, answers, applying and reverting."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ascertain.domain.charter import ChangeKind
from ascertain.domain.crosswalks import StoredCrosswalk
from ascertain.domain.overlays import Change
from ascertain.domain.permission import Action
from ascertain.domain.stewardship import Proposal, ProposalState
from ascertain.errors import InputError
from ascertain.jobs.stewarding import enqueue_carry_out
from ascertain.pipeline.permit import demand
from ascertain.pipeline.taxonomy_change import amended, in_words, made_change
from ascertain.pipeline.taxonomy_preview import Previewed, proposal_shown, shown
from ascertain.pipeline.taxonomy_release import replaced
from ascertain.pipeline.taxonomy_signals import labels
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_stewardship import (
    AmendChange,
    AnswerChange,
    CarryOut,
    GivenCrosswalk,
    ProposeChange,
    Reverted,
    TaxonomyPreview,
    TaxonomyProposal,
    YesOrNo,
)
from ascertain.service.api.paging import Paging, Sorted
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, once, takes

router = APIRouter(prefix="/v1/taxonomy", tags=["taxonomy"], responses=PROBLEMS)

MOST_BYTES = 2 * 1024 * 1024
"""Of a proposal: a crosswalk may have thousands of rows."""
Ident = Annotated[str, Path(max_length=80, description="Id of a proposal.")]
Approves = Annotated[Caller, Depends(Writes(Action.TAXONOMY_APPROVE))]


@router.get("/proposals", operation_id="list_taxonomy_proposals", response_model=Page[TaxonomyProposal])
def listed(
    caller: Annotated[Caller, Depends(Asks(Action.TAXONOMY_APPROVE))],
    paging: Annotated[Paging, Depends()],
    state: Annotated[ProposalState | None, Query(description="Only those in this state.")] = None,
    kind: Annotated[ChangeKind | None, Query(description="Only those of this kind.")] = None,
) -> Response:
    """Changes of the taxonomy in use that are proposed, those of the most people first."""
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
        found = uow.stewardship.proposals(caller.app.taxonomies.name)
    wanted = [p for p in found if (state is None or p.state is state) and (kind is None or p.change.kind is kind)]
    rows = [_row(caller, p) for p in wanted]
    cut = caller.cut(Sorted(rows, lambda r: (-int(r["support"]["people"]), str(r["id"])), (state, kind)), paging)
    return caller.page(TaxonomyProposal, cut)


@router.get("/proposals/{proposal}", operation_id="get_taxonomy_proposal", response_model=One[TaxonomyPreview])
def one(proposal: Ident, caller: Annotated[Caller, Depends(Asks(Action.TAXONOMY_APPROVE))]) -> Response:
    """A proposal with what it would do, computed by what applies it."""
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
        found = caller.app.steward(uow).preview(proposal)
    return caller.one(TaxonomyPreview, _whole(caller, found))


@router.post(
    "/proposals",
    operation_id="propose_taxonomy_change",
    status_code=201,
    response_model=One[TaxonomyProposal],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(ProposeChange),
)
def propose(caller: Approves, given: Annotated[ProposeChange, Depends(Given(ProposeChange, MOST_BYTES))]) -> Response:
    """Put a change up for decision. The same change is the same proposal. Nothing is changed by it."""

    def work() -> Done:
        with caller.reading() as uow:
            demand(uow, caller.who, caller.action)
        change = _read(caller, given) or made_change(
            caller.app.bundle.taxonomy,
            given.kind,
            skill=given.skill,
            target=given.target,
            names=given.names,
            definitions=given.definitions,
            synonyms=given.synonyms,
            family=given.family,
        )
        with caller.writing() as uow:
            made = caller.app.steward(uow).propose(change, by=caller.who)
            uow.commit()
        return Done(TaxonomyProposal, _row(caller, made), None, 201)

    return once(caller, given, work)


@router.post(
    "/proposals/{proposal}/amendment",
    operation_id="amend_taxonomy_change",
    response_model=One[TaxonomyProposal],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(AmendChange),
)
def amend(proposal: Ident, caller: Approves, given: Annotated[AmendChange, Depends(Given(AmendChange))]) -> Response:
    """Say it in other words. Answers that were given before count no more."""

    def work() -> Done:
        with caller.writing() as uow:
            demand(uow, caller.who, caller.action)
            steward = caller.app.steward(uow)
            present = steward.get(proposal).change
            change = amended(
                replaced(present, given.leads) if given.leads else present,
                names=given.names,
                definitions=given.definitions,
                synonyms=given.synonyms,
                family=given.family,
            )
            made = steward.amend(caller.who, proposal, change, reason=given.reason)
            uow.commit()
        return Done(TaxonomyProposal, _row(caller, made), None)

    return once(caller, given, work)


@router.post(
    "/proposals/{proposal}/answer",
    operation_id="answer_taxonomy_change",
    response_model=One[TaxonomyPreview],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(AnswerChange),
)
def answer(proposal: Ident, caller: Approves, given: Annotated[AnswerChange, Depends(Given(AnswerChange))]) -> Response:
    """Say yes or no. The charter says who may, and how many have to."""

    def work() -> Done:
        with caller.writing() as uow:
            demand(uow, caller.who, caller.action)
            yes = given.answer is YesOrNo.YES
            found = caller.app.steward(uow).answer(caller.who, proposal, yes=yes, reason=given.reason)
            uow.commit()
        return Done(TaxonomyPreview, _whole(caller, found), None)

    return once(caller, given, work)


@router.post(
    "/proposals/{proposal}/apply",
    operation_id="apply_taxonomy_change",
    response_model=One[TaxonomyPreview],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(CarryOut),
)
def apply(proposal: Ident, caller: Approves, given: Annotated[CarryOut, Depends(Given(CarryOut))]) -> Response:
    """Put an approved change in use."""

    def work() -> Done:
        with caller.writing() as uow:
            demand(uow, caller.who, caller.action)
            found = caller.app.steward(uow).apply(caller.who, proposal, reason=given.reason, later=given.queue)
            uow.commit()
        caller.app.taxonomies.renew()
        if found.proposal.state is ProposalState.APPLYING:
            enqueue_carry_out(caller.app, found.proposal.id)
        else:
            caller.app.tag()
        return Done(TaxonomyPreview, _whole(caller, found), None)

    return once(caller, given, work)


@router.post(
    "/proposals/{proposal}/revert",
    operation_id="revert_taxonomy_change",
    response_model=One[Reverted],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(CarryOut),
)
def revert(proposal: Ident, caller: Approves, given: Annotated[CarryOut, Depends(Given(CarryOut))]) -> Response:
    """Take an applied change back; later ones stay, unless they need it."""

    def work() -> Done:
        with caller.writing() as uow:
            demand(uow, caller.who, caller.action)
            _, back, since = caller.app.steward(uow).revert(caller.who, proposal, reason=given.reason)
            uow.commit()
        version = caller.app.taxonomies.renew().taxonomy.version
        caller.app.tag()
        return Done(Reverted, {"version": version, "reinstated": back, "assessed_since": since}, None)

    return once(caller, given, work)


def _read(caller: Caller, given: ProposeChange) -> Change | None:
    """What is read from a file, or from rows that somebody decided; ``None`` for what is written down."""
    if given.kind is ChangeKind.RELEASE:
        return caller.app.release(given.target, given.leads)
    if given.kind is not ChangeKind.CROSSWALK:
        return None
    if given.crosswalk is None:
        return caller.app.crosswalk(caller.app.crosswalks.open(given.target))
    return caller.app.crosswalk(_rows(caller, given.crosswalk))


def _rows(caller: Caller, given: GivenCrosswalk) -> StoredCrosswalk:
    """
    Raises:
        InputError: a row cannot be used, naming it: of a request all rows are taken, or none.
    """
    app, text = caller.app, io.StringIO(newline="")
    out = csv.writer(text)
    out.writerow(("from", "to", "relation", "label"))
    out.writerows((k.source, k.target, k.relation.value, k.label) for k in given.links)
    raw = text.getvalue().encode()
    walk, report = app.read_crosswalk(raw, "crosswalk.links", given.source, app.taxonomies.name, given.kind)
    if report.problems:
        first = report.problems[0]
        raise InputError(
            first.message,
            where=f"crosswalk.links[{first.line - 2}]",
            field={"from": "source", "to": "target"}.get(first.field or "", first.field),
            remedy="leave it out, or correct it",
        )
    return walk


def _names(caller: Caller, p: Proposal) -> dict[str, str]:
    return dict(labels(caller.app.bundle.taxonomy, p.change.touched))


def _row(caller: Caller, p: Proposal) -> dict[str, Any]:
    return proposal_shown(p) | {"words": in_words(p.change, _names(caller, p))}


def _whole(caller: Caller, found: Previewed) -> dict[str, Any]:
    return shown(found) | {"words": in_words(found.proposal.change, _names(caller, found.proposal))}
