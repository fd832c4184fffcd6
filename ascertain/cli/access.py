"""access grant, revoke, train, link, list, who."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, Reader, asking
from ascertain.cli.days import day_of
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.permission import Role
from ascertain.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.permission import RoleGrant

app = typer.Typer(help="Who may do what: roles, where they hold, and reviewer trainings.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="An e-mail address, oidc:SUBJECT, or a login name.")]


@app.command("grant")
def grant(
    name: Name,
    role: Annotated[Role, typer.Argument(help="l_and_d, hrbp, skill_owner, auditor, fairness_auditor or admin.")],
    population: Annotated[
        list[str] | None,
        typer.Option("--population", help="A department, a job profile (id or title), or `all`; may be repeated."),
    ] = None,
    skill: Annotated[list[str] | None, typer.Option("--skill", help="Id of a skill; may be repeated.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Last day on which it holds: 2026-12-31.")] = None,
    trained_on: Annotated[str | None, typer.Option("--trained-on", help="Day of their reviewer training.")] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Give somebody a role. Learners and managers need none: that follows from the people table.

    HR business partners and L&D see the people of their populations only, skill owners the assertions of their skills.
    Nobody grants anything to themselves.
    """
    from ascertain.domain.permission import Grant
    from ascertain.pipeline.grants import grant_role, record_training

    shown = opened()
    who = asking(shown, actor)
    given = Grant(role, frozenset(population or ()), frozenset(skill or ()), day_of(until, "--until"))
    trained = day_of(trained_on, "--trained-on")
    with shown.units() as uow:
        made = grant_role(uow, who, name, given, clock=shown.clock)
        if trained is not None:
            record_training(uow, who, name, trained, clock=shown.clock)
        uow.commit()
    emit(_row(made), as_json, lambda c: c.print(f"{made.id}: {made.name} is {_where(made)}", soft_wrap=True))


@app.command("revoke")
def revoke(
    grant_id: Annotated[str, typer.Argument(metavar="GRANT", help="Id out of `access list`.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Take a grant back; it gives nothing from the next command or call on."""
    from ascertain.pipeline.grants import revoke_role

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        gone = revoke_role(uow, who, grant_id, clock=shown.clock)
        uow.commit()
    emit({"revoked": gone.id}, as_json, lambda c: c.print(f"{gone.id}: {gone.name} is no longer {_where(gone)}"))


@app.command("train")
def train(
    name: Name,
    on: Annotated[str, typer.Option("--on", help="The day: 2026-03-01.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Record a reviewer training: without one nobody reviews (`review.training_required` in the policy)."""
    from ascertain.pipeline.grants import record_training

    shown = opened()
    who = asking(shown, actor)
    day = day_of(on, "--on")
    if day is None:
        raise InputError("give the day", field="--on")
    with shown.units() as uow:
        record_training(uow, who, name, day, clock=shown.clock)
        uow.commit()
    emit({"name": name, "trained_on": day}, as_json, lambda c: c.print(f"{name}: trained on {day}"))


@app.command("link")
def link(
    name: Name,
    at: Annotated[str, typer.Option("--at", help="Address of the service, as the browser reaches it.")] = "",
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Print a link that signs somebody in, once, within ten minutes: for trying the product without a provider.

    Whoever has the link is that person. Hand it over on a way that only they read.
    """
    from ascertain.pipeline.sign_in import make_link

    shown = opened()
    who = asking(shown, actor)
    with shown.units() as uow:
        secret = make_link(uow, who, name, clock=shown.clock)
        uow.commit()
    base = (at or shown.settings.public_url or "http://127.0.0.1:8642").rstrip("/")
    url = f"{base}/sign-in/link?token={secret}"
    emit({"link": url}, as_json, lambda c: c.print(url, soft_wrap=True))


@app.command("list")
def list_grants(
    everything: Annotated[bool, typer.Option("--all", help="Ended and revoked ones too.")] = False,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Who was granted what, by whom, until when, and who is trained as a reviewer."""
    shown = opened()
    today = shown.clock.today()
    with shown.units(write=False) as uow:
        rows = [g for g in uow.grants.all() if everything or (g.revoked_at is None and g.grant.holds(today))]
        trainings = uow.grants.trainings()

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("id", "who", "is", "until", "by", "since", "revoked", box=None)
        for g in rows:
            until = str(g.grant.until) if g.grant.until else "·"
            revoked = f"{g.revoked_at:%Y-%m-%d}" if g.revoked_at else "·"
            table.add_row(g.id, g.name, _where(g), until, g.granted_by, f"{g.granted_at:%Y-%m-%d}", revoked)
        c.print(table if rows else "nobody was granted anything: ascertain access grant NAME ROLE")
        for name, on in trainings.items():
            c.print(f"{name}: trained on {on}")

    emit({"grants": [_row(g) for g in rows], "trainings": trainings}, as_json, render)


@app.command("who")
def who_may(name: Name, actor: Reader = None, as_json: AsJson = False) -> None:
    """What somebody may do today, and about how many people."""
    from ascertain.pipeline.grants import reach_of
    from ascertain.pipeline.permit import principal_of

    shown = opened()
    tree = shown.policy.permission.manager_sees_tree
    with shown.units(write=False) as uow:
        found = principal_of(uow, name, today=shown.clock.today(), sees_tree=tree)
        reach = reach_of(uow, found)
    roles = sorted({g.role.value for g in found.grants if g.holds(found.today)})

    def render(c: Console) -> None:
        c.print(f"{name}: {', '.join(roles) or 'nobody in particular'}; trained on {found.trained_on or 'no day'}")
        for r in reach:
            people = "" if r.people is None else f"about {r.people}: {', '.join(r.some)}" + " …" * (r.people > 10)
            c.print(f"  {r.action:<22}{people}", soft_wrap=True)

    data = {
        "name": name,
        "learner": found.learner_id,
        "roles": roles,
        "trained_on": found.trained_on,
        "may": [{"action": r.action, "people": r.people, "some": r.some} for r in reach],
    }
    emit(data, as_json, render)


def _where(g: RoleGrant) -> str:
    places = ", ".join([*sorted(g.grant.populations), *sorted(g.grant.skills)])
    return f"{g.grant.role.value}{f' for {places}' if places else ''}"


def _row(g: RoleGrant) -> dict[str, object]:
    return {
        "id": g.id,
        "name": g.name,
        "role": g.grant.role,
        "populations": sorted(g.grant.populations),
        "skills": sorted(g.grant.skills),
        "until": g.grant.until,
        "granted_by": g.granted_by,
        "granted_at": g.granted_at,
        "revoked_at": g.revoked_at,
    }
