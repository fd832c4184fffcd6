"""The schema of a tool's arguments is made once, and nobody can spoil it for the next."""

from __future__ import annotations

from pydantic import BaseModel

from tools.base import NoArguments
from tools.learning import CatalogueQuery
from tools.skills import ClaimIds


def test_the_schema_is_pydantics_own() -> None:
    for model in (NoArguments, CatalogueQuery, ClaimIds):
        assert model.model_json_schema() == model.fresh_schema()
        assert model.model_json_schema(ref_template="#/$defs/{model}") == model.fresh_schema(
            ref_template="#/$defs/{model}"
        )


def test_who_edits_it_edits_a_copy() -> None:
    first = ClaimIds.model_json_schema()
    first["properties"].clear()
    assert "claim_ids" in ClaimIds.model_json_schema()["properties"]
    assert issubclass(ClaimIds, BaseModel)
