"""Takes out of a person's stored results what rested on evidence that may not be used any more."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from ascertain.domain.canonical import canonical_json

Json = dict[str, Any]


def without_words(documents: Mapping[str, Any], gone: Collection[str], skills: Collection[str]) -> Json:
    """The documents of one run that change, without quotes of the evidence ``gone`` and without what followed for
    ``skills``.

    Of what agents said in their own words nothing stays, in any run: whoever has read a text may have repeated it.
    Claims keep their ids, so that what rests on other evidence is still replayed.
    """
    made: Json = {
        "claims": [c | {"quote": ""} if c["evidence_id"] in gone else c for c in documents.get("claims") or ()],
        "verdicts": [v | {"note": ""} for v in documents.get("verdicts") or ()],
        "drops": [d | {"what": ""} for d in documents.get("drops") or ()],
        "needs": [n | {"reason": ""} for n in documents.get("needs") or () if n["skill_id"] not in skills],
        "gaps": [g for g in documents.get("gaps") or () if g["skill_id"] not in skills],
        "notes": (documents.get("notes") or {})
        | {"summary": "", "contradictions": [], "warnings": [], "missing": [], "proposals": []},
    }
    if skills:  # both were computed over all skills together
        made |= {"coverage": None, "path": None, "path_choice": None}
    elif documents.get("path_choice"):
        made["path_choice"] = documents["path_choice"] | {"summary": "", "reasons": {}}
    return {name: value for name, value in made.items() if name in documents and documents[name] != value}


def rests_on(inputs: str, gone: Collection[str]) -> bool:
    """Whether an assertion made from these inputs (canonical JSON) rests on one of these pieces of evidence."""
    return any(o["evidence_id"] in gone for o in json.loads(inputs)["observations"])


def without_note(inputs: str) -> str:
    """The inputs without what the reviewing agent said of them; replay does not read that."""
    found = json.loads(inputs)
    if not (found.get("verdict") or {}).get("note"):
        return inputs
    return canonical_json(found | {"verdict": found["verdict"] | {"note": ""}})
