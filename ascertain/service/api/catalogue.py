"""Roles, learning content and skills: what is known apart from people, for everybody who is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ascertain.domain.ports import Content as Item
from ascertain.domain.ports import Taxonomy
from ascertain.domain.skills import ContentTag, JobProfile
from ascertain.domain.skills import Skill as Concept
from ascertain.errors import NotFoundError
from ascertain.pipeline.content_search import reaches
from ascertain.pipeline.views import label
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_catalogue import Content, Role, RoleProposal, Skill
from ascertain.service.api.paging import Cut, Paging, Sorted

router = APIRouter(prefix="/v1", tags=["catalogue"], responses=PROBLEMS)

Known = Annotated[Caller, Depends(Asks(None))]
Pages = Annotated[Paging, Depends()]
Words = Annotated[str, Query(max_length=200, description="Part of a title or name.")]


@router.get("/roles", operation_id="list_roles", response_model=Page[Role])
def roles(caller: Known, paging: Pages, q: Words = "") -> Response:
    """Job profiles in use, with the skills they ask for, by id."""
    taxonomy, word = caller.app.bundle.taxonomy, q.strip().casefold()
    with caller.reading() as uow:
        rows = [_role(r, taxonomy) for r in uow.roles.all() if word in f"{r.id}\n{r.title}".casefold()]
    return caller.page(Role, caller.cut(Sorted(rows, lambda r: (str(r["id"]),), (word,)), paging))


@router.get("/roles/{role}", operation_id="get_role", response_model=One[Role])
def role(role: Annotated[str, Path(max_length=200)], caller: Known) -> Response:
    """One job profile."""
    with caller.reading() as uow:
        found = uow.roles.get(role)
    if found is None:
        raise NotFoundError(f"there is no role {role!r}", remedy="`/v1/roles` lists them")
    return caller.one(Role, _role(found, caller.app.bundle.taxonomy))


@router.get("/role-proposals", operation_id="list_role_proposals", response_model=Page[RoleProposal])
def proposals(caller: Known, paging: Pages) -> Response:
    """Jobs as connected systems describe them. They ask nothing of anybody until somebody accepts them."""
    with caller.reading() as uow:
        found = uow.proposals.all()
    cut = caller.cut(Sorted(found, lambda j: (j.ref,)), paging)
    names = ("ref", "connection", "code", "title", "summary", "department", "active", "accepted_as")
    rows = [{n: getattr(j, n) for n in names} | {"skills": list(j.skills)} for j in cut.rows]
    return caller.page(RoleProposal, Cut(rows, cut.next))


@router.get("/catalogue", operation_id="list_catalogue", response_model=Page[Content])
def catalogue(
    caller: Known,
    paging: Pages,
    q: Words = "",
    skill: Annotated[str, Query(max_length=300, description="Only what teaches this skill (id).")] = "",
    level: Annotated[int, Query(ge=0, le=5, description="Only what teaches to this level or above (0: any).")] = 0,
    untagged: Annotated[bool, Query(description="Only what teaches no skill, as far as its text tells.")] = False,
) -> Response:
    """Learning content with the skills that it teaches, by id."""
    taxonomy, word, tagger = caller.app.bundle.taxonomy, q.strip().casefold(), caller.app.tagger
    with caller.reading() as uow:
        found, tags = uow.contents.all(), uow.contents.tags(tagger)
    kept = [
        c
        for c in found
        if word in f"{c.item.title}\n{c.code}".casefold()
        and reaches(c.item.level, tags.get(c.item.content_id, ()), skill, level)
        and not (untagged and tags.get(c.item.content_id))
    ]
    cut = caller.cut(Sorted(kept, lambda c: (c.item.content_id,), (word, skill, level, untagged)), paging)
    rows = [_content(c, tags.get(c.item.content_id, ()), taxonomy) for c in cut.rows]
    return caller.page(Content, Cut(rows, cut.next))


@router.get("/catalogue/{content}", operation_id="get_content", response_model=One[Content])
def content(content: Annotated[str, Path(max_length=300)], caller: Known) -> Response:
    """One catalogue item."""
    tagger = caller.app.tagger
    with caller.reading() as uow:
        found = uow.contents.get(content)
        tags = uow.contents.tags(tagger) if found else {}
    if found is None:
        raise NotFoundError(f"there is no content {content!r}", remedy="`/v1/catalogue` lists it")
    return caller.one(Content, _content(found, tags.get(content, ()), caller.app.bundle.taxonomy))


@router.get("/skills", operation_id="search_skills", response_model=Page[Skill])
def skills(caller: Known, paging: Pages, q: Words = "") -> Response:
    """Skills of the taxonomy in use by a part of a label or synonym: those that are called so first."""
    word = q.strip().casefold()
    found = [(rank, s) for s in caller.app.bundle.taxonomy.skills() if (rank := _rank(s, word)) is not None]
    cut = caller.cut(Sorted(found, lambda f: (f[0], f[1].label.casefold(), f[1].id), (word,)), paging)
    return caller.page(Skill, Cut([_skill(s) for _, s in cut.rows], cut.next))


@router.get("/skills/{skill:path}", operation_id="get_skill", response_model=One[Skill])
def skill(
    skill: Annotated[str, Path(max_length=300, description="Id of a skill; may be an address.")], caller: Known
) -> Response:
    """One skill."""
    found = caller.app.bundle.taxonomy.skill(skill)
    if found is None:
        raise NotFoundError(f"there is no skill {skill!r} in this taxonomy", remedy="search with `/v1/skills?q=`")
    return caller.one(Skill, _skill(found))


def _rank(skill: Concept, word: str) -> int | None:
    """0 for the name itself, 1 for its beginning, 2 for a part of it; 3 more for a synonym."""
    best = None
    for i, name in enumerate((skill.label, *skill.synonyms)):
        text = name.casefold()
        if word in text:
            rank = (0 if text == word else 1 if text.startswith(word) else 2) + (3 if i else 0)
            best = rank if best is None else min(best, rank)
    return best


def _role(role: JobProfile, taxonomy: Taxonomy) -> dict[str, Any]:
    asked = [
        {
            "skill": r.skill_id,
            "label": label(taxonomy, r.skill_id),
            "level": int(r.level),
            "importance": r.importance,
            "essential": r.essential,
            "critical": r.critical,
            "compliance": r.compliance,
            "why": r.why,
        }
        for r in role.requirements
    ]
    names = ("id", "title", "department", "summary")
    return {n: getattr(role, n) for n in names} | {"requirements": asked, "references": dict(role.references)}


def _content(content: Item, tags: Sequence[ContentTag], taxonomy: Taxonomy) -> dict[str, Any]:
    item = content.item
    taught = [
        {
            "skill": t.skill_id,
            "label": label(taxonomy, t.skill_id),
            "probability": t.probability,
            "level": int(t.level),
            "quote": t.quote,
        }
        for t in tags
    ]
    names = ("title", "summary", "hours", "modality", "language", "mandatory", "external")
    return {n: getattr(item, n) for n in names} | {
        "id": item.content_id,
        "category": content.category,
        "system": content.system,
        "code": content.code,
        "level": int(item.level),
        "prerequisites": list(item.prerequisites),
        "tags": taught,
    }


def _skill(skill: Concept) -> dict[str, Any]:
    lists = {n: list(getattr(skill, n)) for n in ("synonyms", "broader", "related")}
    return lists | {
        "id": skill.id,
        "label": skill.label,
        "kind": skill.kind,
        "family": skill.family.value,
        "definition": skill.definition,
        "references": dict(skill.references),
    }
