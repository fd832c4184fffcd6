"""Absorb LMS: users with departments and managers, courses, enrolments and lesson results over its REST API, version 2.

Facts the code rests on: ``POST /authenticate`` answers a JSON string that lives four hours and ends the user's earlier
token; ``x-api-key`` goes with every call; ``_offset`` counts pages; filters are OData's; enrolments are listed by
person or by course only, so they are read parent after parent. Lists are sorted by ``-dateEdited``, the sorting that is
documented: what is edited while pages are read moves to the front, so it comes twice and is never skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ascertain.connectors.absorb_options import AbsorbOptions
from ascertain.connectors.absorb_people import LookUps
from ascertain.connectors.absorb_rows import AbsorbRows, with_custom_fields
from ascertain.connectors.absorb_webhooks import receive
from ascertain.connectors.absorb_writeback import AbsorbWriteBack
from ascertain.connectors.http import Answer, Query, StatusError
from ascertain.connectors.parents import Part, fan_out, position_of
from ascertain.connectors.parsing import FieldError, Row, naive, read_rows
from ascertain.connectors.rotation import either
from ascertain.connectors.tokens import TokenKeeper
from ascertain.connectors.window import Window
from ascertain.domain.connector import Capabilities, Cursor, Incremental, Page, QuotaPolicy, TenantProfile
from ascertain.domain.records import Entity, Record, Rejected, SourceRef
from ascertain.domain.webhooks import Proof, RawRequest, Received
from ascertain.errors import PermanentConnectorError, RetryableConnectorError

_PATHS = {Entity.USER: "/users", Entity.WORKER: "/users", Entity.COURSE: "/courses"}
_BELOW_ENROLMENTS = (Entity.ENROLMENT, Entity.ASSESSMENT, Entity.ENGAGEMENT)
_MAX_PAGE = 65_535
_TAKEN_SECONDS = 300.0
T = TypeVar("T")


class AbsorbConnector(AbsorbWriteBack):
    """One Absorb portal. Secrets: ``username``, ``password``, ``api_key``; ``private_key`` where it differs from the
    key, ``webhook_secret`` if webhooks are sent."""

    system = "absorb"

    def setup(self) -> None:
        c = self.connection
        self._options = c.options_as(AbsorbOptions)
        self._rows = AbsorbRows(c, self._options)
        self._key = c.secret("api_key")
        login = {
            "username": c.secret("username"),
            "password": c.secret("password"),
            "privateKey": c.secrets.get("private_key", self._key),
        }
        self.tokens = TokenKeeper(
            self.name,
            lambda: self.http.post("/authenticate", body=login, headers=self._common()).data,
            lifetime=self._options.token_minutes * 60.0,
        )
        self._worked = False
        wanted = {
            Entity.WORKER: self._options.workers,
            Entity.ASSESSMENT: self._options.lessons,
            Entity.ENGAGEMENT: self._options.engagement,
        }
        self._entities = [e for e in (*_PATHS, *_BELOW_ENROLMENTS) if wanted.get(e, True)]

    def capabilities(self) -> Capabilities:
        return Capabilities(dict.fromkeys(self._entities, Incremental.UPDATED_SINCE))

    def quota(self) -> QuotaPolicy:
        # 200 calls a second is more than one process that waits for each answer can make.
        return QuotaPolicy("token", exclusive=True)

    def authorise(self, token: str) -> Mapping[str, str]:
        bearer = f"Bearer {token}" if self._options.token_scheme == "bearer" else token
        return {**self._common(), "Authorization": bearer}

    def authorised(self, call: Callable[[Mapping[str, str]], T]) -> T:
        """As the base does; a new token that is refused at once, after others worked, was ended by somebody else."""
        try:
            answer = super().authorised(call)
        except StatusError as e:
            if e.failure.status == 401 and self._worked and "authenticate" not in e.message:
                raise RetryableConnectorError(
                    f"{e.message}: somebody else signs in as the same user, which ends our token",
                    retry_after=_TAKEN_SECONDS,
                    remedy="give this connection an administrator of its own",
                ) from None
            raise
        self._worked = True
        return answer

    def whoami(self) -> tuple[str, Answer]:
        answer = self.get("/users", {"_limit": 1, "_offset": 0})
        return f"signed in, {_total(answer.data) or 0} users", answer

    def probe(self) -> TenantProfile:
        found: dict[Entity, dict[str, str]] = {}
        for entity in (Entity.USER, Entity.COURSE):
            items, _ = self._list(_PATHS[entity], 0, size=20)
            keys = {k for i in items if isinstance(r := with_custom_fields(i), Mapping) for k in r}
            found[entity] = {k: k for k in sorted(keys - {"customFields"})}
        unused = {e: tuple(k for k in fields if k not in self._rows.fields[e].values()) for e, fields in found.items()}
        return TenantProfile(found, unused)

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity not in self._entities:
            raise self.has_none(entity)
        if entity in _BELOW_ENROLMENTS:
            return self._pull_below(entity, cursor)
        return self._pull_list(entity, cursor)

    def fetch(self, ref: SourceRef) -> Record | None:
        if ref.entity in (Entity.ENROLMENT, Entity.ENGAGEMENT):
            user, _, rest = ref.id.partition(".")
            course, _, own = rest.partition(".")
            if not course:
                return None
            answer = self.found_or_none(lambda: self.get(f"/users/{user}/enrollments/{course}"))
            raw = answer.data if answer else None
            if not isinstance(raw, Mapping) or (own and str(raw.get("id")) != own):
                return None
            ref = self._rows.identify(ref.entity, Row(raw, self._rows.fields[ref.entity]))
        elif ref.entity in (Entity.USER, Entity.COURSE):
            answer = self.found_or_none(lambda: self.get(f"{_PATHS[ref.entity]}/{ref.id}"))
            raw = answer.data if answer else None
        else:
            return None
        if raw is None:
            return None
        look = self._look_ups()
        return self.one(
            with_custom_fields(raw),
            self._rows.fields[ref.entity],
            ref,
            lambda row, r: self._rows.parse(r.entity, row, r, look),
        )

    @property
    def proof(self) -> Proof:
        return Proof.CLIENT_STATE if self._options.webhooks.proof == "address" else Proof.HMAC

    def receive(self, request: RawRequest, *, now: datetime, kept: Mapping[str, str]) -> Received:
        """See ``absorb_webhooks``; secret ``webhook_secret``."""
        hooks = self._options.webhooks
        return either(
            self.connection.secrets, lambda s: receive(self.name, s.get("webhook_secret", ""), hooks, request, now)
        )

    # -- lists ------------------------------------------------------------------------------------------------------

    def _pull_list(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        window = Window(cursor, self._overlap(), datetime.now(UTC))
        look = self._look_ups()
        while True:
            number = int(window.position["page"]) if window.position else 0
            items, total = self._list(_PATHS[entity], number, since=window.start)
            records, rejected = self._read(entity, items, look)
            fresh, bad = window.unseen(records), window.unseen(rejected)
            if not self._more(items, number, total):
                yield Page(fresh, bad, window.finished(), total)
                return
            window.position = {"page": number + 1}
            yield Page(fresh, bad, window.checkpoint(window.position), total)

    def _pull_below(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        place = position_of(cursor)
        if place:
            by, begun = str(place["by"]), datetime.fromisoformat(str(place["begun"]))
        else:
            by, begun = self._begin()
        # A crawl takes long: what changes in a parent already read must not fall below the next watermark, so no
        # change after the crawl began can move it.
        window = Window(cursor, self._overlap(), begun)
        kind, read = ("/courses", self._enrolments) if by == "course" else ("/users", self._enrolments)
        parents = [str(i["id"]) for i in self._all(kind) if isinstance(i, Mapping) and i.get("id")]
        look = self._look_ups()
        yield from fan_out(
            self.name,
            parents,
            lambda parent, number: read(entity, f"{kind}/{parent}/enrollments", number, window.start, look),
            calls=self._options.batch_calls,
            window=window,
            place=place,
            carry={"by": by, "begun": begun.isoformat()},
        )

    def _begin(self) -> tuple[str, datetime]:
        """Which way to go, and when the crawl began by whichever clock is behind."""
        answer = self.get("/users", {"_limit": 1, "_offset": 0})
        by = self._options.enrolments_by
        if by == "fewest":
            courses = _total(self.get("/courses", {"_limit": 1, "_offset": 0}).data)
            users = _total(answer.data)
            by = "user" if users is not None and courses is not None and users < courses else "course"
        now = datetime.now(UTC)
        return by, min(now, answer.server_time) if answer.server_time else now

    def _enrolments(self, entity: Entity, path: str, number: int, since: datetime | None, look: LookUps) -> Part:
        """One page of the enrolments of one parent; nothing where the parent went away meanwhile."""
        found = self.found_or_none(lambda: self.get(path, self._query(number, since)))
        if found is None:
            return Part()
        items, total = self._items(found, number)
        if entity is Entity.ASSESSMENT:
            records, rejected = self._lessons(items)
        else:
            records, rejected = self._read(entity, items, look)
        return Part(records, rejected, self._more(items, number, total))

    def _lessons(self, items: list[object]) -> tuple[list[Record], list[Rejected]]:
        records: list[Record] = []
        rejected: list[Rejected] = []
        for item in items:
            try:
                enrolment = Row(item, self._rows.fields[Entity.ENROLMENT], self.zone)
                user, course = enrolment.required("user_id"), enrolment.required("course_id")
                if not enrolment.flag("active", True):
                    continue  # the address names person and course, so it leads to the present attempt only
            except FieldError:
                continue  # the enrolment itself is reported where enrolments are pulled
            lessons = list(self._all(f"/users/{user}/enrollments/{course}/lessons", sort=False))
            good, bad = read_rows(
                lessons,
                self._rows.fields[Entity.ASSESSMENT],
                self.zone,
                lambda row: SourceRef(self.name, Entity.ASSESSMENT, row.required("id")),
                lambda row, ref, of=enrolment: self._rows.lesson(of, row, ref),  # type: ignore[misc]
                f"{self.name}:assessment",
            )
            records += good
            rejected += bad
        return records, rejected

    def _read(self, entity: Entity, items: list[object], look: LookUps) -> tuple[list[Record], list[Rejected]]:
        return read_rows(
            [with_custom_fields(i) for i in items],
            self._rows.fields[entity],
            self.zone,
            lambda row: self._rows.identify(entity, row),
            lambda row, ref: self._rows.parse(entity, row, ref, look),
            f"{self.name}:{entity.value}",
        )

    def _look_ups(self) -> LookUps:
        """Those of one pull, so that nothing is asked for twice and nothing grows old."""

        def departments() -> Mapping[str, str]:
            rows = [i for i in self._all("/departments", sort=False) if isinstance(i, Mapping)]
            return {str(r.get("id")): str(r.get("name") or "") for r in rows}

        def user(account: str) -> Mapping[str, Any] | None:
            answer = self.found_or_none(lambda: self.get(f"/users/{account}"))
            raw = with_custom_fields(answer.data) if answer else None
            return raw if isinstance(raw, Mapping) else None

        return LookUps(departments, user, self._rows.fields[Entity.WORKER])

    def _all(self, path: str, *, sort: bool = True) -> Iterator[object]:
        """Every item of a list, in the largest pages."""
        number = 0
        while True:
            items, total = self._list(path, number, size=1000, sort=sort)
            yield from items
            if not self._more(items, number, total, 1000):
                return
            number += 1

    def _list(
        self, path: str, number: int, *, since: datetime | None = None, size: int = 0, sort: bool = True
    ) -> tuple[list[object], int | None]:
        return self._items(self.get(path, self._query(number, since, size, sort)), number)

    def _query(self, number: int, since: datetime | None = None, size: int = 0, sort: bool = True) -> Query:
        query: dict[str, str | int] = {"_limit": size or self._options.page_size, "_offset": number}
        if sort:
            query["_sort"] = "-dateEdited"
        if since:
            query["_filter"] = f"dateEdited ge datetime'{naive(since, self.zone, '%Y-%m-%dT%H:%M:%S')}'"
        return query

    def _items(self, answer: Answer, number: int) -> tuple[list[object], int | None]:
        """The rows, whatever key they stand under, and how many there are in all."""
        data = answer.data
        if isinstance(data, list):
            return data, None
        lists = [v for v in data.values() if isinstance(v, list)] if isinstance(data, Mapping) else []
        if len(lists) != 1:
            raise PermanentConnectorError(
                f"{self.name}: the answer has no list", remedy="check that the URL is that of the REST API"
            )
        if data.get("offset") not in (None, number):
            raise PermanentConnectorError(f"{self.name}: asked for page {number}, got {data['offset']}")
        return lists[0], _total(data)

    def _more(self, items: list[object], number: int, total: int | None, size: int = 0) -> bool:
        """The total says it where there is one, or else a full page."""
        limit = size or self._options.page_size
        if not items:
            return False
        if number >= _MAX_PAGE:
            raise PermanentConnectorError(f"{self.name}: the list has more than {_MAX_PAGE} pages; it never ends")
        return (number + 1) * limit < total if total is not None else len(items) >= limit

    def _overlap(self) -> timedelta:
        return timedelta(minutes=self._options.overlap_minutes)

    def _common(self) -> Mapping[str, str]:
        return {"x-api-key": self._key, "x-api-version": self._options.api_version}


def _total(data: object) -> int | None:
    total = data.get("totalItems") if isinstance(data, Mapping) else None
    return total if isinstance(total, int) else None


__all__ = ["AbsorbConnector", "AbsorbOptions"]
