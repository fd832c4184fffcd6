"""Content is mapped once for each text and tagger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from ascertain.domain.skills import Candidate, Level
from ascertain.pipeline.tagging import BATCH, TagReport, tag_contents
from tests.crews.world import TinyMapper
from tests.integration.pipeline.world import COURSES, World, course


@dataclass
class Watched(TinyMapper):
    """Remembers what it was asked, and breaks down where told to."""

    asked: list[str] = field(default_factory=list)
    breaks_at: int = 10**9
    version: str = "tiny-1"

    def map(self, texts: Sequence[str], *, top: int) -> list[list[Candidate]]:
        if len(self.asked) + len(texts) > self.breaks_at:
            raise RuntimeError("the power went out")
        self.asked.extend(texts)
        return super().map(texts, top=top)


@pytest.fixture
def watched(world: World) -> Watched:
    world.mapper = Watched()
    return world.mapper


def _tag(world: World) -> TagReport:
    return tag_contents(world.store.units, world.mapper, world.policy.mapping, world.tagger)


def _tags(world: World) -> dict[str, list[str]]:
    with world.store.units(write=False) as uow:
        return {c: [t.skill_id for t in tags] for c, tags in uow.contents.tags(world.tagger).items()}


def test_what_has_been_tagged_is_not_tagged_again(world: World, watched: Watched) -> None:
    rows = world.counts()
    assert _tag(world).contents == 0
    assert watched.asked == []
    assert world.counts() == rows


def test_only_a_changed_text_is_mapped_again(world: World, watched: Watched) -> None:
    changed = course("sql-101", "Python instead", description="Everything about Python.")
    with world.store.units() as uow:
        uow.contents.upsert([changed, replace(COURSES[1], item=replace(COURSES[1].item, hours=1.0))])
        uow.commit()
    report = _tag(world)
    assert report.contents == 1
    assert any("Python instead" in t for t in watched.asked)
    assert not any("SQL windows" in t for t in watched.asked)
    assert _tags(world)["sql-101"] == ["python"]
    assert _tags(world)["sql-201"] == ["sql"]


def test_another_mapper_taxonomy_or_floor_means_other_tags(world: World, watched: Watched) -> None:
    names = {world.tagger}
    watched.version = "tiny-2"
    names.add(world.tagger)
    world.policy = replace(world.policy, mapping=replace(world.policy.mapping, tag_floor=0.99))
    names.add(world.tagger)
    assert len(names) == 3
    report = _tag(world)
    assert report.contents == len(COURSES)
    assert report.tags == 0
    assert report.untaught == len(COURSES)
    assert _tag(world).contents == 0  # nothing found is a finding too


def test_an_interrupted_run_goes_on_where_it_stopped(world: World, watched: Watched) -> None:
    many = [course(f"x{i:03}", f"SQL lesson {i}") for i in range(BATCH + 10)]
    with world.store.units() as uow:
        uow.contents.upsert(many)
        uow.commit()
    watched.breaks_at = 2 * BATCH  # title and description of each: the first batch goes through
    with pytest.raises(RuntimeError):
        _tag(world)
    kept = [c for c in _tags(world) if c.startswith("x")]
    assert len(kept) == BATCH
    watched.breaks_at = 10**9
    progress: list[tuple[int, int]] = []
    rest = tag_contents(
        world.store.units, watched, world.policy.mapping, world.tagger, lambda i, n: progress.append((i, n))
    )
    assert (rest.contents, rest.tags, progress) == (10, 10, [(10, 10)])
    assert len([c for c in _tags(world) if c.startswith("x")]) == len(many)
    assert _tag(world).contents == 0


def test_tags_carry_the_level_of_the_content_and_the_audit_names_what_was_tagged(world: World) -> None:
    with world.store.units(write=False) as uow:
        (tag,) = uow.contents.tags(world.tagger)["sql-201"]
        records = [r for r in uow.audit.records() if r.action == "content.tagged"]
    assert tag.level is Level.PRACTITIONER
    assert world.policy.mapping.tag_floor <= tag.probability <= 1.0
    assert [c for r in records for c in r.header["contents"]] == sorted(c.item.content_id for c in COURSES)
    assert {r.header["tagger"] for r in records} == {world.tagger}
