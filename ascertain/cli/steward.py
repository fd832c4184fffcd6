"""taxonomy propose, proposals, preview, amend, decide, apply, revert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.charter import ChangeKind
from ascertain.domain.skills import SkillFamily
from ascertain.domain.stewardship import ProposalState

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.stewardship import Proposal
    from ascertain.pipeline.taxonomy_preview import Previewed
    from ascertain.pipeline.taxonomy_propose import Look
    from ascertain.runtime import App

LEFT = 12
"""Matters that are named of which nothing is proposed."""
Ident = Annotated[str, typer.Argument(metavar="PROPOSAL", help="Its id, or the beginning of it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words; kept with it.")]
Names = Annotated[
    list[str] | None, typer.Option("--name", help="A name; again for each further name or part, in their order.")
]
Definitions = Annotated[
    list[str] | None, typer.Option("--definition", help="Definition of the new skill; again for each part.")
]
Synonyms = Annotated[list[str] | None, typer.Option("--synonym", help="Another name of the new skill; again.")]
Family = Annotated[SkillFamily | None, typer.Option("--family", help="How fast it fades without use.")]


def propose(
    kind: Annotated[
        ChangeKind | None,
        typer.Argument(metavar="[KIND]", help="new, synonym, rename, merge, split; else what the evidence speaks for."),
    ] = None,
    skill: Annotated[str, typer.Option("--skill", help="Skill that is changed: id or label.")] = "",
    target: Annotated[str, typer.Option("--target", help="Of a merge, the skill that stays: id or label.")] = "",
    name: Names = None,
    definition: Definitions = None,
    synonym: Synonyms = None,
    family: Family = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Put a change of the taxonomy up for decision; without KIND, those that people's evidence speaks for: terms that
    no skill fits, names that are used, skills that come together or apart, as agents weigh them. Nothing is changed."""
    from ascertain.domain.permission import Action
    from ascertain.pipeline.permit import demand
    from ascertain.pipeline.taxonomy_change import made_change

    shown = opened()
    who = asking(shown, actor)
    if kind is None:
        with shown.units(write=False) as uow:
            demand(uow, who, Action.TAXONOMY_APPROVE)
        look = shown.propose()
        _looked(shown, look, as_json)
        return
    else:
        change = made_change(
            shown.bundle.taxonomy,
            kind,
            skill=skill,
            target=target,
            names=name or (),
            definitions=definition or (),
            synonyms=synonym or (),
            family=family,
        )
        with shown.units() as uow:
            made = [shown.steward(uow).propose(change, by=who)]
            uow.commit()
    rows = [_line(shown, p) for p in made]

    def render(c: Console) -> None:
        _table(c, rows)
        c.print("`ascertain taxonomy preview ID` says what it would do")

    emit(rows, as_json, render)


def _looked(app: App, look: Look, as_json: bool) -> None:
    rows = [_line(app, p) for p in look.proposals]
    left: list[dict[str, Any]] = [{"words": list(x.words), "people": x.people, "why": x.why} for x in look.left]
    refused = [{"agent": d.stage, "what": d.what, "why": d.why} for d in look.refused]

    def render(c: Console) -> None:
        if rows:
            _table(c, rows)
        else:
            c.print("the evidence speaks for no change")
        for x in left[:LEFT]:
            c.print(f"left: {' / '.join(x['words'])} ({x['people']} people): {x['why']}", style="dim", soft_wrap=True)
        if len(left) > LEFT:
            c.print(f"… and {len(left) - LEFT} more", style="dim")
        if refused:
            c.print(f"{len(refused)} things that agents said did not stand up (--json shows them)", style="dim")
        if rows:
            c.print("`ascertain taxonomy preview ID` says what one would do")

    emit({"proposals": rows, "known": look.known, "left": left, "refused": refused}, as_json, render)


def proposals(
    state: Annotated[ProposalState | None, typer.Option("--state", help="Only those.")] = None,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Changes of the taxonomy that are proposed, decided, applied."""
    shown = opened()
    with shown.units(write=False) as uow:
        found = uow.stewardship.proposals(shown.taxonomies.name)
    rows = [_line(shown, p) for p in found if state is None or p.state is state]
    emit(rows, as_json, lambda c: _table(c, rows) if rows else c.print("nothing is proposed"))


def preview(proposal: Ident, actor: Reader = None, as_json: AsJson = False) -> None:
    """What a change would do, computed by what applies it, with the quotes that speak for it."""
    from ascertain.domain.permission import Action
    from ascertain.pipeline.permit import demand

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        demand(uow, who, Action.TAXONOMY_APPROVE)
        found = shown.steward(uow).preview(proposal)
    show_preview(shown, found, as_json)


def amend(
    proposal: Ident,
    reason: Reason,
    name: Names = None,
    definition: Definitions = None,
    synonym: Synonyms = None,
    family: Family = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Say a proposal in other words; what is not given stays. Answers that were given before count no more."""
    from ascertain.domain.permission import Action
    from ascertain.pipeline.permit import demand
    from ascertain.pipeline.taxonomy_change import amended

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        demand(uow, who, Action.TAXONOMY_APPROVE)
        steward = shown.steward(uow)
        change = amended(
            steward.get(proposal).change,
            names=name or (),
            definitions=definition or (),
            synonyms=synonym or (),
            family=family,
        )
        made = steward.amend(who, proposal, change, reason=reason)
        uow.commit()
    row = _line(shown, made)
    emit(row, as_json, lambda c: _table(c, [row]))


def decide(
    proposal: Ident,
    answer: Annotated[str, typer.Argument(metavar="ANSWER", help="yes or no.", show_default=False)],
    reason: Reason,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Say yes or no to a change. config/charter.yaml says who may, and how many have to."""
    from ascertain.errors import InputError

    if answer not in ("yes", "no"):
        raise InputError(f"{answer!r} is neither yes nor no", field="ANSWER", remedy="say yes or no")
    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        found = shown.steward(uow).answer(who, proposal, yes=answer == "yes", reason=reason)
        uow.commit()
    show_preview(shown, found, as_json)


def apply(
    proposal: Ident,
    reason: Reason,
    queue: Annotated[
        bool, typer.Option("--queue", help="Leave moving people's results to the workers, some people at a time.")
    ] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Put an approved change in use: a new version of the taxonomy, and new runs in place of those that it touches.
    What was begun with --queue and stopped is finished by applying it again."""
    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        found = shown.steward(uow).apply(who, proposal, reason=reason, later=queue)
        uow.commit()
    if found.proposal.state is ProposalState.APPLYING:
        from ascertain.jobs.stewarding import enqueue_carry_out

        shown.taxonomies.renew()
        ticket = enqueue_carry_out(shown, found.proposal.id)
        told = f"{found.proposal.overlay} is in use; the results of {found.batches.total} people follow"
        how = "`ascertain taxonomy preview` says how far it is; `ascertain worker` does it"
        data = {"version": found.proposal.overlay, "job": ticket.id, "proposal": _data(shown, found)}
        emit(data, as_json, lambda c: c.print(f"{told} ({how})", soft_wrap=True))
        return
    version = shown.taxonomies.renew().taxonomy.version
    tags = shown.tag()

    def render(c: Console) -> None:
        c.print(f"{version} is in use: {found.words}; {tags.contents} items mapped anew", soft_wrap=True)
        c.print("`ascertain sweep --cohort all` reads the evidence anew under it; `taxonomy revert` takes it back")

    emit({"version": version, "proposal": _data(shown, found)}, as_json, render)


def revert(proposal: Ident, reason: Reason, actor: Actor = None, as_json: AsJson = False) -> None:
    """Take an applied change back: the taxonomy without it, and everybody's results before it; later changes stay."""
    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        _, back, since = shown.steward(uow).revert(who, proposal, reason=reason)
        uow.commit()
    version = shown.taxonomies.renew().taxonomy.version
    shown.tag()
    data = {"version": version, "reinstated": back, "assessed_since": since}
    words = f"{version} is in use; {back} people's results are as before"
    words += f", {since} were assessed since and are due at the next sweep" if since else ""
    emit(data, as_json, lambda c: c.print(words, soft_wrap=True))


def _line(app: App, p: Proposal) -> dict[str, Any]:
    from ascertain.pipeline.taxonomy_change import in_words

    return {
        "id": p.id,
        "kind": p.change.kind.value,
        "state": p.state.value,
        "change": in_words(p.change, _labels(app, p)),
        "people": p.support.people,
        "quotes": p.support.quotes,
        "first_seen": p.support.first_seen,
        "last_seen": p.support.last_seen,
        "why": p.support.why,
        "proposed_by": p.proposed_by,
        "proposed_at": p.proposed_at,
    }


def _labels(app: App, p: Proposal) -> dict[str, str]:
    from ascertain.pipeline.taxonomy_signals import labels

    return dict(labels(app.bundle.taxonomy, p.change.touched))


def _data(app: App, found: Previewed) -> dict[str, Any]:
    from ascertain.pipeline.taxonomy_preview import shown

    return shown(found) | {"labels": _labels(app, found.proposal)}


def _table(c: Console, rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("proposal", "state", "change", "people", "quotes", "last seen", "why", box=None, pad_edge=False)
    for r in rows:
        seen = str(r["last_seen"] or "")
        table.add_row(r["id"], r["state"], r["change"], str(r["people"]), str(r["quotes"]), seen, r["why"])
    c.print(table)


def show_preview(app: App, found: Previewed, as_json: bool) -> None:
    """A proposal with what it would do and what was said."""

    def render(c: Console) -> None:
        from ascertain.cli.crosswalk import lines as crosswalk_lines
        from ascertain.cli.release import lines as release_lines
        from ascertain.pipeline.taxonomy_change import in_words

        p, i = found.proposal, found.impact
        c.print(f"{p.id}  {in_words(p.change, _labels(app, p))} ({p.state.value})", soft_wrap=True)
        rest = f"; {p.support.quotes} quotes of {p.support.people} people" if p.support.quotes else ""
        c.print(f"  why: {p.support.why}{rest}", soft_wrap=True)
        if found.release is not None:
            release_lines(c, found.release)
        if found.crosswalk is not None:
            crosswalk_lines(c, found.crosswalk)
        if p.support.reason:
            c.print(f"  agents: {p.support.reason}", soft_wrap=True)
        if p.support.note:
            c.print(f"  look at: {p.support.note}", style="yellow", soft_wrap=True)
        for quote in found.quotes:
            c.print(f"  “{quote}”", style="dim", soft_wrap=True)
        if found.crosswalk is None:
            c.print(f"  {i.words}", soft_wrap=True)
        for f in i.flows:
            c.print(f"  {f.source_label} → {f.target_label}: {f.assertions}, then {f.after} in all", soft_wrap=True)
        for state, (before, after) in (i.states or {}).items():
            c.print(f"  {state.replace('_', ' ')}: {before} → {after}")
        if i.disputes:
            c.print(f"  {i.disputes} open disputes are about it and are decided first", style="yellow")
        if p.state is ProposalState.APPLYING:
            c.print(f"  moved: {found.batches.done} of {found.batches.total} people")
        c.print(f"  {found.yes} of {found.needed} yes")
        for a in found.answers:
            c.print(f"  {a.at:%Y-%m-%d} {a.kind.value} by {a.actor}: {a.reason}", soft_wrap=True)

    emit(_data(app, found), as_json, render)
