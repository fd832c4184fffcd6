"""``/taxonomy``: search, and changes that are proposed; ``/taxonomy/proposals/ID``: what one would do, and answers."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.charter import ChangeKind
from ascertain.domain.crosswalks import ConceptKind
from ascertain.domain.overlays import Change
from ascertain.domain.permission import Action
from ascertain.domain.ports import Taxonomy
from ascertain.domain.skills import SkillFamily
from ascertain.domain.stewardship import IN_USE, Proposal, ProposalState
from ascertain.errors import AscertainError, ConflictError, InputError, NotFoundError
from ascertain.jobs.stewarding import enqueue_carry_out
from ascertain.pipeline.permit import demand, may
from ascertain.pipeline.taxonomy_change import amended, in_words, made_change
from ascertain.pipeline.taxonomy_preview import proposal_shown, shown
from ascertain.pipeline.taxonomy_release import replaced
from ascertain.pipeline.taxonomy_signals import labels
from ascertain.runtime import App
from ascertain.service.pages.forms import Form, Message
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]
FOUND = 30
DRAWN = 8
"""Flows that are drawn, the greatest first."""
LEFT = 5
"""Rows of a file that are named as left out."""
ORDER = (
    ProposalState.OPEN,
    ProposalState.APPROVED,
    ProposalState.APPLYING,
    ProposalState.APPLIED,
    ProposalState.REVERTED,
    ProposalState.REJECTED,
)


@router.get("/taxonomy")
def taxonomy_page(
    request: Request, reader: Annotated[Reader, Depends(Reads())], q: str = "", state: str = ""
) -> Response:
    """Skills by name, for everybody; proposals for those who may decide about them."""
    return _page(request, reader, q.strip()[:200], state)


@router.post("/taxonomy/proposals")
def propose(request: Request, sent: Annotated[Sent, Depends(Sends(Action.TAXONOMY_APPROVE, files=True))]) -> Response:
    """Put a change up for decision."""
    app, form = service_of(request).app, sent.form
    try:
        with app.units(write=False) as uow:
            demand(uow, sent.who, Action.TAXONOMY_APPROVE)
        kind = form.text("kind", 20)
        if kind not in set(ChangeKind):
            raise InputError("choose what is changed", field="kind", remedy="one of the five")
        change, left = _read(app, kind, form)
        change = change or made_change(
            app.bundle.taxonomy,
            ChangeKind(kind),
            skill=form.text("skill", 300),
            target=form.text("target", 300),
            names=_lines(form, "names"),
            definitions=_lines(form, "definitions"),
            family=_family(form),
        )
        with app.units() as uow:
            made = app.steward(uow).propose(change, by=sent.who)
            uow.commit()
    except (InputError, ConflictError, NotFoundError) as e:
        return _page(request, sent.reader, "", "", e)
    said = "It is proposed. Somebody else decides."
    return back(request, sent.reader, f"/taxonomy/proposals/{made.id}", f"{said} {left}".strip())


@router.get("/taxonomy/proposals/{proposal}")
def one(
    request: Request, proposal: str, reader: Annotated[Reader, Depends(Reads(Action.TAXONOMY_APPROVE))]
) -> Response:
    """What a change would do, what speaks for it, and what was said."""
    return _one(request, reader, proposal)


@router.post("/taxonomy/proposals/{proposal}/answer")
def answer(request: Request, proposal: str, sent: Annotated[Sent, Depends(Sends(Action.TAXONOMY_APPROVE))]) -> Response:
    """Yes or no."""
    app, form = service_of(request).app, sent.form
    try:
        with app.units() as uow:
            said = form.text("answer", 5)
            if said not in ("yes", "no"):
                raise InputError("say yes or no", field="answer", remedy="press one of the two")
            found = app.steward(uow).answer(sent.who, proposal, yes=said == "yes", reason=form.text("reason"))
            uow.commit()
    except (InputError, ConflictError) as e:
        return _one(request, sent.reader, proposal, e)
    words = {
        ProposalState.APPROVED: "It is approved and can be applied.",
        ProposalState.REJECTED: "It is rejected.",
    }.get(found.proposal.state, f"{found.yes} of {found.needed} have said yes.")
    return back(request, sent.reader, f"/taxonomy/proposals/{quote(found.proposal.id)}", words)


@router.post("/taxonomy/proposals/{proposal}/amend")
def amend(request: Request, proposal: str, sent: Annotated[Sent, Depends(Sends(Action.TAXONOMY_APPROVE))]) -> Response:
    """Other names or definitions."""
    app, form = service_of(request).app, sent.form
    try:
        with app.units() as uow:
            demand(uow, sent.who, Action.TAXONOMY_APPROVE)
            steward = app.steward(uow)
            present = steward.get(proposal).change
            change = amended(
                _replaced(present, form) if present.release is not None else present,
                names=form.all("name"),
                definitions=form.all("definition"),
                family=_family(form),
            )
            made = steward.amend(sent.who, proposal, change, reason=form.text("reason"))
            uow.commit()
    except (InputError, ConflictError) as e:
        return _one(request, sent.reader, proposal, e)
    return back(request, sent.reader, f"/taxonomy/proposals/{quote(made.id)}", "It says so now.")


@router.post("/taxonomy/proposals/{proposal}/apply")
def apply(request: Request, proposal: str, sent: Annotated[Sent, Depends(Sends(Action.TAXONOMY_APPROVE))]) -> Response:
    """Put it in use."""
    app = service_of(request).app
    try:
        with app.units() as uow:
            steward, later = app.steward(uow), bool(sent.form.text("queue", 5))
            found = steward.apply(sent.who, proposal, reason=sent.form.text("reason"), later=later)
            uow.commit()
    except (InputError, ConflictError) as e:
        return _one(request, sent.reader, proposal, e)
    app.taxonomies.renew()
    if found.proposal.state is ProposalState.APPLYING:
        enqueue_carry_out(app, found.proposal.id)
        said = f"It is in use. The results of {found.batches.total} people follow one after the other."
        return back(request, sent.reader, f"/taxonomy/proposals/{quote(found.proposal.id)}", said)
    app.tag()
    said = f"It is in use: {found.words}. A sweep reads the evidence anew."
    return back(request, sent.reader, f"/taxonomy/proposals/{quote(found.proposal.id)}", said)


@router.post("/taxonomy/proposals/{proposal}/revert")
def revert(request: Request, proposal: str, sent: Annotated[Sent, Depends(Sends(Action.TAXONOMY_APPROVE))]) -> Response:
    """Take it back."""
    app = service_of(request).app
    try:
        with app.units() as uow:
            made, reinstated, since = app.steward(uow).revert(sent.who, proposal, reason=sent.form.text("reason"))
            uow.commit()
    except (InputError, ConflictError) as e:
        return _one(request, sent.reader, proposal, e)
    app.taxonomies.renew()
    app.tag()
    said = f"It is taken back: {reinstated} people's results are as before"
    said += f", {since} were assessed since and are due." if since else "."
    return back(request, sent.reader, f"/taxonomy/proposals/{quote(made.id)}", said)


def _page(request: Request, reader: Reader, q: str, state: str, error: AscertainError | None = None) -> Response:
    app = service_of(request).app
    taxonomy = app.bundle.taxonomy
    with app.units(write=False) as uow:
        may_decide = may(uow, reader.who, Action.TAXONOMY_APPROVE)
        every = uow.stewardship.proposals(app.taxonomies.name) if may_decide else []
        codes = app.codes(uow) if may_decide else []
    rows = [p for p in every if not state or p.state.value == state]
    rows.sort(key=lambda p: (ORDER.index(p.state), -p.support.people, p.id))
    data = {
        "q": q,
        "found": _search(taxonomy, q) if q else [],
        "skills": len(taxonomy.skills()),
        "version": taxonomy.version,
        "changes": len(app.taxonomies.changes().upon),
        "releases": [v for v in app.library.versions(app.taxonomies.name) if v != app.taxonomies.changes().base]
        if may_decide and not app.taxonomies.named
        else [],
        "crosswalks": _imported(app, every) if may_decide else [],
        "unled": [c for c in codes if not c.target],
        "led": sum(bool(c.target) for c in codes),
        "name": app.taxonomies.name,
        "may_decide": may_decide,
        "state": state,
        "states": [(s.value, sum(p.state is s for p in every)) for s in ORDER],
        "rows": [_row(p, taxonomy) for p in rows],
        "kinds": [k.value for k in ChangeKind],
        "families": [f.value for f in SkillFamily],
    }
    said = [Message(_told(error), "bad")] if error else []
    return show(request, reader, "taxonomy.html", data, status=422 if error else 200, messages=said)


def _one(request: Request, reader: Reader, ident: str, error: AscertainError | None = None) -> Response:
    app = service_of(request).app
    taxonomy = app.bundle.taxonomy
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.TAXONOMY_APPROVE)
        steward = app.steward(uow)
        found = steward.preview(ident)
        p = found.proposal
        needing = steward.needed_by(p) if p.state in IN_USE else []
    r = found.release
    flows = sorted(found.impact.flows, key=lambda f: -f.assertions)
    rule = app.charter.changes[p.change.kind]
    data = {
        "p": shown(found) | _row(p, taxonomy),
        "moves": [(f.source_label, f.target_label, f.assertions, f.after) for f in flows[:DRAWN]],
        "touched": [_skill(taxonomy, s) for s in sorted(p.change.touched)],
        "by": [r.value for r in sorted(rule.by)],
        "followed": [f"{n} → {', '.join(to) or 'nothing'}" for _, n, _, to in r.leads] if r else [],
        "relabelled": [f"{x.before} → {x.after}" for x in r.diff.renamed] if r else [],
        "bare": [s.label for s in p.change.skills if not s.definition],
        "families": [f.value for f in SkillFamily],
        "needing": [(n.id if n else "", why) for n, why in needing],
        "mine": reader.who.name.casefold() == p.proposed_by.casefold(),
    }
    said = [Message(_told(error), "bad")] if error else []
    return show(request, reader, "taxonomy-proposal.html", data, status=422 if error else 200, messages=said)


def _imported(app: App, every: list[Proposal]) -> list[str]:
    """Crosswalks to the taxonomy in use that were imported here and nobody has proposed."""
    name, known = app.taxonomies.name, {p.change.target for p in every}
    return [i for i in app.crosswalks.ids() if i not in known and name in i.rpartition("+")[0].split("-", 2)[1:]]


def _read(app: App, kind: str, form: Form) -> tuple[Change | None, str]:
    """What is read from a file, and which rows of it are left out; nothing for what is written down."""
    if kind == ChangeKind.RELEASE.value:
        return app.release(form.text("target", 300)), ""
    if kind != ChangeKind.CROSSWALK.value:
        return None, ""
    file = form.file("file")
    if file is None:
        return app.crosswalk(app.crosswalks.open(form.text("target", 300))), ""
    about = form.text("about", 20) or None
    if about is not None and about not in set(ConceptKind):
        raise InputError("choose what it is about", field="about", remedy="skills or jobs")
    name = PurePath(file.name.replace("\\", "/")).name[:100] or "the file"
    of = ConceptKind(about) if about else None
    walk, report = app.read_crosswalk(file.body, name, form.text("source", 40), app.taxonomies.name, of)
    left = "; ".join(f"{p.file}:{p.line}, field {p.field!r}: {p.message}" for p in report.problems[:LEFT])
    more = f" and {len(report.problems) - LEFT} more" if len(report.problems) > LEFT else ""
    return app.crosswalk(walk), f"Left out: {left}{more}." if left else ""


def _row(p: Proposal, taxonomy: Taxonomy) -> Json:
    names = dict(labels(taxonomy, p.change.touched))
    return proposal_shown(p) | {"words": in_words(p.change, names), "kind": p.change.kind.value}


def _skill(taxonomy: Taxonomy, ident: str) -> Json:
    s = taxonomy.skill(ident)
    if s is None:
        return {"id": ident, "label": ident, "synonyms": [], "definition": ""}
    return {"id": s.id, "label": s.label, "synonyms": list(s.synonyms), "definition": s.definition}


def _search(taxonomy: Taxonomy, words: str) -> list[Json]:
    """Skills that go by these words, the whole name first, then by how long the label is."""
    asked = words.casefold()
    found = [s for s in taxonomy.skills() if any(asked in n.casefold() for n in (s.id, s.label, *s.synonyms))]
    found.sort(key=lambda s: (s.label.casefold() != asked, asked not in s.label.casefold(), len(s.label), s.id))
    return [
        {
            "id": s.id,
            "label": s.label,
            "synonyms": list(s.synonyms),
            "definition": s.definition,
            "family": s.family.value,
        }
        for s in found[:FOUND]
    ]


def _replaced(change: Change, form: Form) -> Change:
    found: dict[str, list[str]] = {}
    for line in _lines(form, "leads"):
        old, equals, new = line.partition("=")
        if not equals or not old.strip():
            raise InputError(f"{line!r} is no replacement", field="leads", remedy="write OLD=NEW with two ids")
        found[old.strip()] = [n.strip() for n in new.split(",") if n.strip()]
    return replaced(change, found)


def _lines(form: Form, name: str) -> list[str]:
    return [line.strip() for line in form.text(name).splitlines() if line.strip()]


def _family(form: Form) -> SkillFamily | None:
    found = form.text("family", 20)
    if found and found not in set(SkillFamily):
        raise InputError("choose how fast it fades", field="family", remedy="one of the four")
    return SkillFamily(found) if found else None


def _told(error: AscertainError | None) -> str:
    if error is None:
        return ""
    remedy = (
        f". {error.remedy}" if error.remedy and "ascertain " not in error.remedy and "--" not in error.remedy else ""
    )
    return f"{error.message}{remedy}"
