"""taxonomy scale list, show and convert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.output import AsJson, emit

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="How the scales of other systems stand to the five levels.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="SCALE", help="Its name in config/scales.yaml.")]


@app.command("list")
def list_scales(as_json: AsJson = False) -> None:
    """The scales of config/scales.yaml."""
    from ascertain.policy.scales import read_scales

    rows = [{"name": s.name, "about": s.about} for s in read_scales().values()]

    def render(c: Console) -> None:
        from rich.table import Table

        table = Table("scale", "about", box=None, pad_edge=False)
        for r in rows:
            table.add_row(r["name"], r["about"])
        c.print(table)

    emit(rows, as_json, render)


@app.command("show")
def show(name: Name, as_json: AsJson = False) -> None:
    """Which value is which level, and what is lost on the way there and back."""
    from ascertain.domain.scale_crosswalk import loss
    from ascertain.domain.skills import Level
    from ascertain.policy.scales import scale_called

    scale = scale_called(name)
    lost = loss(scale)
    data: dict[str, Any] = {
        "name": scale.name,
        "about": scale.about,
        "values": [{"value": v, "level": int(lv) if lv else None} for v, lv in scale.shown()],
        "levels": {int(lv): scale.value(lv) for lv in Level},
        "lost": lost.words,
    }

    def render(c: Console) -> None:
        c.print(f"{scale.name}: {scale.about}", soft_wrap=True)
        for value, level in scale.shown():
            c.print(f"  {value:>8}  {f'level {int(level)} {level.name.lower()}' if level else 'no level'}")
        c.print(f"there and back: {lost.words}", soft_wrap=True)

    emit(data, as_json, render)


@app.command("convert")
def convert_value(
    value: Annotated[str, typer.Argument(help="A value of the first scale.")],
    source: Annotated[str, typer.Option("--from", help="Scale that the value is on.")],
    target: Annotated[str, typer.Option("--to", help="Scale that it is wanted on.")],
    as_json: AsJson = False,
) -> None:
    """A value of one scale as one of another, by the level that it reaches. Nothing is rounded up."""
    from ascertain.domain.scale_crosswalk import convert
    from ascertain.policy.scales import scale_called

    one, other = scale_called(source), scale_called(target)
    level, found = one.level(value), convert(value, one, other)
    data = {"value": value, "from": source, "level": int(level) if level else None, "to": target, "is": found}
    words = f"level {int(level)} {level.name.lower()}" if level else "no level"
    said = f"{value} of {source} is {words}"
    said += f", which is {found} of {target}" if found else f"; {target} has no value so low"
    emit(data, as_json, lambda c: c.print(said, soft_wrap=True))
