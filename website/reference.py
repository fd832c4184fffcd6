"""The reference, made of the code itself: a page cannot tell of something that is not there, nor leave out what is."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import typer.main
import yaml
from fastapi import FastAPI
from sqlalchemy import MetaData

import ascertain.settings
from ascertain import __version__
from ascertain.cli import app
from ascertain.cli.permissions import ENTRIES, Asks, Public
from ascertain.domain.audit_actions import ACTIONS
from ascertain.paths import CONFIG_DIR
from ascertain.policy.document import PolicyDocument
from ascertain.service.api.description import described
from ascertain.service.app import ROUTERS
from ascertain.settings import PREFIX, Settings
from ascertain.store.schema import HEAD, Base
from ascertain.store.schema_groups import GroupBase
from website.markdown import cell, code, table

_SAID = "*Generated from the code of version {version}: {source}.*\n"


def _head(title: str, source: str) -> str:
    return f"# {title}\n\n{_SAID.format(version=__version__, source=source)}\n"


def commands() -> str:
    """Every command with what it asks, its arguments and its options."""
    parts = [_head("Commands", "`ascertain/cli`"), "What each asks for is told in [permissions](../permissions.md).\n"]
    for path, command in _leaves(typer.main.get_command(app), ()):
        words = " ".join(path)
        parts += [f"\n## ascertain {words}\n", _paragraphs(command.help or command.short_help or ""), _asks(words)]
        rows = [
            (code(_named(p)), cell(_default(p)), cell(getattr(p, "help", None) or ""))
            for p in command.params
            if not getattr(p, "hidden", False)
        ]
        if rows:
            parts.append(table(("takes", "default", "what"), rows))
    return "\n".join(parts)


def _leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", {})
    if not inner or (getattr(command, "invoke_without_command", False) and " ".join(path) in ENTRIES):
        yield path, command
    for name, c in inner.items():
        yield from _leaves(c, (*path, name))


def _paragraphs(text: str) -> str:
    """Help as prose: Typer keeps the docstring, whose ``Args:`` are in the table."""
    return inspect.cleandoc(text.split("\f")[0]).replace("<", "&lt;") + "\n"


def _asks(words: str) -> str:
    entry = ENTRIES[words]
    match entry:
        case Public(because):
            return f"Anybody may: {cell(because)}.\n"
        case Asks(action):
            return f"Asks for `{action.value}`, about whom it is given.\n"
        case _:
            return f"Asks for `{entry.value}`.\n"


def _named(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name)
    return ", ".join((*parameter.opts, *parameter.secondary_opts))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    return "" if value is None or value is False or callable(value) or value in ("", [], ()) else str(value)


def api() -> str:
    """Every route of the service's description, with what it takes and answers."""
    service = FastAPI(title="Ascertain", version=__version__)
    for router in ROUTERS:
        service.include_router(router)
    made = described(service)
    parts = [_head("Routes of the API", "the OpenAPI description"), f"{made['info']['description']}\n"]
    for path, methods in sorted(made["paths"].items()):
        for method, operation in methods.items():
            parts.append(f"\n## {method.upper()} {path.replace('<', '&lt;')}\n")
            parts.append(_paragraphs(operation.get("description") or operation.get("summary") or ""))
            rows = [
                (code(p["name"]), p["in"], "yes" if p.get("required") else "", cell(p.get("description") or ""))
                for p in operation.get("parameters", [])
            ]
            if rows:
                parts.append(table(("parameter", "in", "required", "what"), rows))
            answers = [(s, cell(a.get("description") or "")) for s, a in sorted(operation["responses"].items())]
            parts.append(table(("answer", "when"), answers))
    return "\n".join(parts)


def settings() -> str:
    """Every variable with its default and what it says."""
    said = _docstrings(ascertain.settings, "Settings")
    rows = [
        (code(PREFIX + name.upper()), code("" if field.default is None else field.default), cell(said[name]))
        for name, field in Settings.model_fields.items()
    ]
    return _head("Settings", "`ascertain/settings.py`") + table(("variable", "default", "what"), rows)


def _docstrings(module: Any, name: str) -> Mapping[str, str]:
    """What stands under each field of a class."""
    (node,) = (n for n in ast.parse(inspect.getsource(module)).body if isinstance(n, ast.ClassDef) and n.name == name)
    found = {}
    for field, after in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(after, ast.Expr):
            found[field.target.id] = str(ast.literal_eval(after.value))
    return found


def policy() -> str:
    """Every key of the policy with its kind and its shipped value, then the file with its reasons."""
    text = (CONFIG_DIR / "policy.yaml").read_text(encoding="utf-8")
    shipped = yaml.safe_load(text)
    rows = [
        (code(path), cell(kind), cell("required" if needed else ""), code(_value(shipped, path.split("."))))
        for path, kind, needed in _keys(PolicyDocument.model_json_schema(), "")
    ]
    return (
        _head("Keys of the policy", "`ascertain/policy` and `config/policy.yaml`")
        + table(("key", "kind", "", "as shipped"), rows)
        + f"\n## The file, with its reasons\n\n```yaml\n{text}```\n"
    )


def _keys(
    schema: Mapping[str, Any], path: str, defs: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, str, bool]]:
    defs = schema.get("$defs", {}) if defs is None else defs
    for name, field in schema.get("properties", {}).items():
        part = _meant(field, defs)
        here = f"{path}.{name}" if path else name
        if "properties" in part:
            yield from _keys(part, here, defs)
        else:
            yield here, _kind(part, defs), name in schema.get("required", ())


def _meant(field: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    for part in (field, *field.get("anyOf", ())):
        if "$ref" in part:
            return dict(defs[str(part["$ref"]).rpartition("/")[2]])
    return field


_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} letters",
    "maxLength": "at most {} letters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matches {}",
}


def _kind(part: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    if "anyOf" in part:
        return " or ".join(_kind(_meant(p, defs), defs) for p in part["anyOf"])
    if "enum" in part or "const" in part:
        return " or ".join(str(v) for v in part.get("enum", [part.get("const")]))
    words = [str(part.get("title", "object")) if "properties" in part else str(part.get("type", "any"))]
    if "items" in part:
        words = [f"list of {_kind(_meant(part['items'], defs), defs)}"]
    elif isinstance(part.get("additionalProperties"), Mapping):
        words = [f"map to {_kind(_meant(part['additionalProperties'], defs), defs)}"]
    words += [said.format(part[bound]) for bound, said in _BOUNDS.items() if bound in part]
    return ", ".join(words)


def _value(tree: Any, path: list[str]) -> str:
    for name in path:
        if not isinstance(tree, Mapping) or name not in tree:
            return ""
        tree = tree[name]
    return "" if tree is None else yaml.safe_dump(tree, default_flow_style=True, width=10**6).removesuffix("\n...\n")


def actions() -> str:
    """Every action of the audit chain."""
    rows = [(code(name), cell(entry.what)) for name, entry in sorted(ACTIONS.items())]
    return (
        _head("Actions of the audit chain", "`ascertain/domain/audit_actions.py`")
        + "How they are sealed is told in [the audit chain](../audit.md).\n\n"
        + table(("action", "what it says"), rows)
    )


def schema() -> str:
    """Every table with its columns, of both databases."""
    parts = [_head(f"The database at revision {HEAD}", "`ascertain/store/schema.py`")]
    said = {str(m.local_table): _first(m.class_.__doc__) for b in (Base, GroupBase) for m in b.registry.mappers}
    for title, metadata in (("The store", Base.metadata), ("The store of group labels", GroupBase.metadata)):
        parts += [f"\n## {title}\n", *_tables(metadata, said)]
    return "\n".join(parts)


def _tables(metadata: MetaData, said: Mapping[str, str]) -> Iterator[str]:
    for made in sorted(metadata.tables.values(), key=lambda t: t.name):
        yield f"\n### {made.name}\n"
        yield said.get(made.name, "") + "\n"
        rows = [
            (
                code(c.name),
                cell(f"{c.type!r}".partition("(")[0]),
                "" if c.nullable else "always",
                ", ".join(
                    ["key"] * c.primary_key + [f"→ {f.target_fullname}" for f in sorted(c.foreign_keys, key=str)]
                ),
            )
            for c in made.columns
        ]
        yield table(("column", "kind", "there", ""), rows)


def _first(text: str | None) -> str:
    return cell((text or "").split("\n\n")[0]).replace("``", "`")


PAGES: Mapping[str, Callable[[], str]] = {
    "reference/commands.md": commands,
    "reference/routes.md": api,
    "reference/settings.md": settings,
    "reference/policy.md": policy,
    "reference/actions.md": actions,
    "reference/schema.md": schema,
}
"""The generated pages: where each lies on the site, and what makes it."""
