"""The catalogue during a sync: found by id, code and title; prerequisites resolved from codes to content ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from ascertain.domain.ports import Content, UnitOfWork
from ascertain.domain.records import AwardRecord, CourseRecord
from ascertain.pipeline.ingest_report import EntityReport
from ascertain.pipeline.ingest_state import IngestState
from ascertain.pipeline.normalise import TitleIndex, content_id, content_of


class Catalogue:
    """All stored content, kept in step with what the sync writes."""

    def __init__(self, contents: Iterable[Content], state: IngestState) -> None:
        self._contents = {c.item.content_id: c for c in contents}
        self._codes = {(c.system, c.code): k for k, c in self._contents.items() if c.code}
        self._systems = {c.system for c in self._contents.values()}
        self._state = state
        self._titles: TitleIndex | None = None

    @property
    def titles(self) -> TitleIndex:
        """Finds courses by name; rebuilt after the catalogue changed."""
        if self._titles is None:
            self._titles = TitleIndex(self._contents)
        return self._titles

    def get(self, system: str, course_id: str) -> Content | None:
        """By the source's own id."""
        return self._contents.get(content_id(system, course_id))

    def has_courses_of(self, system: str) -> bool:
        """Whether the catalogue holds anything of a system."""
        return system in self._systems

    def coded(self, system: str, code: str | None) -> Content | None:
        """By course code: of the same system, else of any single one (an HRIS names the LMS's courses)."""
        if not code:
            return None
        if (system, code) in self._codes:
            return self._contents[self._codes[system, code]]
        keys = [k for (_, c), k in self._codes.items() if c == code]
        return self._contents[keys[0]] if len(keys) == 1 else None

    def of_award(self, record: AwardRecord) -> Content | None:
        """The course that an award was given for, if it was for one."""
        if record.course_id:
            return self.get(record.ref.system, record.course_id)
        return self.coded(record.ref.system, record.course_code) or self.titles.of_award(record.title)

    def all(self) -> list[Content]:
        """Everything, retired items too."""
        return list(self._contents.values())

    def put(self, uow: UnitOfWork, contents: Collection[Content]) -> tuple[int, int, int]:
        """Store content; (new, changed, unchanged)."""
        counts = uow.contents.upsert(contents)
        self._contents.update({c.item.content_id: c for c in contents})
        self._systems.update(c.system for c in contents)
        self._titles = None
        return counts

    def store(self, uow: UnitOfWork, courses: Sequence[CourseRecord], row: EntityReport) -> None:
        """One page of courses. Prerequisites that have not come yet are remembered."""
        if not courses:
            return
        for record in courses:
            if record.code:
                self._codes[record.ref.system, record.code] = content_id(record.ref.system, record.ref.id)
        made: dict[str, Content] = {}
        for record in courses:
            key = content_id(record.ref.system, record.ref.id)
            known = {c: self._codes.get((record.ref.system, c)) for c in record.prerequisites}
            self._state.wait_for_courses(key, [c for c, k in known.items() if k is None])
            made[key] = content_of(record, sorted({k for k in known.values() if k and k != key}))
            if record.hours is None:
                row.warn("some courses state no duration; a default is assumed")
            if record.level is None:
                row.warn("some courses state no level; a default is assumed")
        new, changed, unchanged = self.put(uow, made.values())
        row.new, row.changed, row.unchanged = row.new + new, row.changed + changed, row.unchanged + unchanged

    def resolve_prerequisites(self, uow: UnitOfWork, row: EntityReport) -> None:
        """After the last page: what came later than the course that needs it."""
        made: dict[str, Content] = {}
        for key, codes in sorted(self._state.prerequisites.items()):
            content = self._contents.get(key)
            if content is None:
                continue
            known = {c: self._codes.get((content.system, c)) for c in codes}
            if added := {k for k in known.values() if k and k != key}:
                needs = tuple(sorted({*content.item.prerequisites, *added}))
                made[key] = replace(content, item=replace(content.item, prerequisites=needs))
            left = [c for c, k in known.items() if k is None]
            self._state.wait_for_courses(key, left)
            for code in left:
                row.warn(f"{key}: its prerequisite {code!r} is not in the catalogue")
        if made:
            self.put(uow, made.values())
