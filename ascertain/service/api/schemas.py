"""JSON Schemas (2020-12) of every document that is exchanged, under names that stay: ``/schemas/NAME``."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.responses import JSONResponse

from ascertain.paths import CONFIG_DIR
from ascertain.service.api.answers import Exchanged
from ascertain.service.problems import Problem

router = APIRouter(prefix="/schemas", tags=["about"])
DRAFT = "https://json-schema.org/draft/2020-12/schema"
VERSION = "v1"

_MODELS: dict[str, type[BaseModel]] = {}
FILES = {
    "activity": "infer.schema.json",
    "job-profiles": "roles.schema.json",
    "open-badge": "openbadge.schema.json",
    "taxonomy": "taxonomy.schema.json",
    "openings": "openings.schema.json",
    "key-roles": "key-roles.schema.json",
    "files-mapping": "files.schema.json",
}
"""Documents that come in, whose schemas are files of the configuration."""

Model = type[BaseModel]


def published(name: str) -> Callable[[Model], Model]:
    """Publish a model's schema under that name."""

    def publish(model: Model) -> Model:
        if _MODELS.setdefault(name, model) is not model:
            raise ValueError(f"two documents are called {name!r}")
        return model

    return publish


class SchemaName(Exchanged):
    """A published schema."""

    name: str
    id: str
    """Its `$id`, which stays the same for this version of the interface."""
    address: str
    title: str


class SchemaIndex(Exchanged):
    """Every published schema."""

    data: list[SchemaName]


def names() -> list[str]:
    """Every document that has a schema."""
    return sorted({*_MODELS, *FILES})


@lru_cache(maxsize=256)
def schema_of(name: str) -> dict[str, Any]:
    """The schema of a document.

    Raises:
        KeyError: there is none of that name.
    """
    if name in _MODELS:
        found = _MODELS[name].model_json_schema(mode="serialization")
    else:
        found = json.loads((CONFIG_DIR / "schemas" / FILES[name]).read_text(encoding="utf-8"))
    return {**found, "$schema": DRAFT, "$id": f"urn:ascertain:schema:{VERSION}:{name}"}


@router.get("", operation_id="list_schemas", response_model=SchemaIndex)
def index() -> JSONResponse:
    """Names and addresses of the schemas. They tell nothing about anybody, so no key is needed."""
    rows = [
        {"name": n, "id": s["$id"], "address": f"/schemas/{n}", "title": str(s.get("title", n))}
        for n in names()
        for s in [schema_of(n)]
    ]
    return JSONResponse({"data": rows})


@router.get(
    "/{name}",
    operation_id="get_schema",
    response_model=dict[str, Any],
    responses={404: {"description": "There is no such schema."}},
)
def one(name: Annotated[str, Path(max_length=80)]) -> JSONResponse:
    """One schema."""
    if name not in names():
        raise Problem(404, "there is no such schema; `/schemas` lists them")
    return JSONResponse(schema_of(name), media_type="application/schema+json")
