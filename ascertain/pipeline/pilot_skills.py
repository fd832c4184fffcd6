"""Only the skills of a pilot: what a run may offer and ask for while its learner is in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ascertain.domain.ports import Mapper
from ascertain.domain.skills import Candidate, ContentTag, JobProfile


@dataclass(frozen=True, slots=True)
class MapperWithin:
    """A mapper that offers no skill outside of ``domain``. It asks for no more candidates than anybody else would: a
    text whose best candidates all lie outside is not about the pilot's skills."""

    inner: Mapper
    domain: frozenset[str]

    @property
    def version(self) -> str:
        """That of the mapper itself."""
        return self.inner.version

    def map(self, texts: Sequence[str], *, top: int) -> list[list[Candidate]]:
        """Candidates within the domain, best first."""
        found = self.inner.map(texts, top=top)
        return [[c for c in candidates if c.skill_id in self.domain] for candidates in found]


def role_within(role: JobProfile | None, domain: frozenset[str] | None) -> JobProfile | None:
    """What a role asks within a domain; ``None`` where that is nothing."""
    if role is None or domain is None:
        return role
    left = tuple(r for r in role.requirements if r.skill_id in domain)
    return replace(role, requirements=left) if left else None


def tags_within(
    tags: Mapping[str, tuple[ContentTag, ...]], domain: frozenset[str] | None
) -> dict[str, tuple[ContentTag, ...]]:
    """Content tags of a domain; content that teaches nothing of it keeps an empty list, so that it is known."""
    if domain is None:
        return dict(tags)
    return {content: tuple(t for t in found if t.skill_id in domain) for content, found in tags.items()}
