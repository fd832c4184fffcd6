"""Microsoft Graph: people of the directory, and messages of public Teams channels that the organisation named.

Facts the code rests on: client credentials; pages chain by ``@odata.nextLink`` and a delta query ends with an
``@odata.deltaLink`` to ask what changed since; both die, with 410 or 400. General knowledge of the vendor's pages, not
read again: the addresses of teams, channels and messages. Chats between people have no address here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ascertain.connectors.crawl import Crawl
from ascertain.connectors.graph_people import V1 as _V1
from ascertain.connectors.graph_people import GraphPeople, values
from ascertain.connectors.graph_rows import ALWAYS, MESSAGE, WORKER, GraphOptions, deleted, message, writer
from ascertain.connectors.graph_subscriptions import subscribe
from ascertain.connectors.graph_webhooks import receive
from ascertain.connectors.http import Answer, StatusError, verdict_of
from ascertain.connectors.parsing import FieldError, Row, read_rows
from ascertain.connectors.rotation import either
from ascertain.connectors.talk import need_opt_in, unseen, without_words
from ascertain.connectors.tokens import TokenKeeper
from ascertain.domain.connector import (
    Capabilities,
    Cursor,
    Failure,
    Incremental,
    Page,
    QuotaPolicy,
    TenantProfile,
    Verdict,
)
from ascertain.domain.records import Entity, Record, Rejected, SourceRef
from ascertain.domain.webhooks import Proof, RawRequest, Received, Subscription
from ascertain.errors import PermanentConnectorError

_MAX_PAGES = 10_000
_SHOWN = 50
"""Teams whose channels a probe lists."""
_DIED = "the place in channel {} had expired, so it was read again from its beginning"


class GraphConnector(GraphPeople):
    """One Microsoft tenant. Secrets: ``client_id`` and ``client_secret`` of the app, ``client_state`` for
    notifications."""

    system = "graph"

    def setup(self) -> None:
        self._options = o = self.connection.options_as(GraphOptions)
        self._fields = {**self.connection.field_map(Entity.WORKER, WORKER), "type": "userType"}
        form = {
            "grant_type": "client_credentials",
            "client_id": self.connection.secret("client_id"),
            "client_secret": self.connection.secret("client_secret"),
            "scope": o.scope,
        }
        host = self.connection.url if o.authority == "same" else o.authority
        self.tokens = TokenKeeper(self.name, lambda: self._token(f"{host}/{o.tenant}/oauth2/v2.0/token", form))
        self._addresses: dict[str, str] = {}

    def other_hosts(self) -> Sequence[str]:
        return () if self._options.authority == "same" else (self._options.authority,)

    def capabilities(self) -> Capabilities:
        found = {Entity.MESSAGE: Incremental.UPDATED_SINCE}
        workers = {Entity.WORKER: Incremental.FULL} if self._options.workers else {}
        return Capabilities({**workers, **found}, frozenset({Entity.MESSAGE}))

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("tenant")

    def classify(self, failure: Failure) -> Verdict:
        body = failure.body.lower()
        if failure.status == 410 or (failure.status == 400 and ("skiptoken" in body or "deltatoken" in body)):
            return Verdict.CURSOR_EXPIRED
        if failure.status in (400, 401) and "invalid_client" in body:
            return Verdict.PERMANENT  # of the app itself: no new token will come
        return verdict_of(failure)

    def whoami(self) -> tuple[str, Answer]:
        return "signed in", self.get(f"{_V1}/users", {"$select": "id", "$top": 1})

    def probe(self) -> TenantProfile:
        """Properties of the first people that have a value, and the channels that could be named."""
        data = self.get(f"{_V1}/users", {"$top": 20}).data
        rows = [r for r in values(data, self.name) if isinstance(r, Mapping)]
        people = {k: k for r in rows for k in r if not k.startswith("@")}
        used = {*self._fields.values(), *ALWAYS}
        channels = {n: n for n in self._channels()[0].values()} if self.messages_opt_in else {}
        return TenantProfile(
            {Entity.WORKER: people, Entity.MESSAGE: channels},
            {Entity.WORKER: tuple(sorted(set(people) - used))},
        )

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity is Entity.WORKER and self._options.workers:
            yield from self._people(cursor)
        elif entity is Entity.MESSAGE:
            need_opt_in(self.name, self.messages_opt_in)
            yield from self._talk(cursor)
        else:
            raise self.has_none(entity)

    def fetch(self, ref: SourceRef) -> Record | None:
        if ref.entity is Entity.WORKER and self._options.workers:
            answer = self.found_or_none(lambda: self.get(f"{_V1}/users/{ref.id}", self._person_query()))
            return self.one(answer.data, self._person_fields(), ref, self._worker) if answer else None
        if ref.entity is not Entity.MESSAGE:
            return None
        need_opt_in(self.name, self.messages_opt_in)
        team, _, rest = ref.id.partition("/")
        channel, _, below = rest.partition("/")
        root, _, reply = below.partition("/")
        caption = self._allowed()[0].get(f"{team}/{channel}")
        if caption is None or not root:
            return None
        path = f"{_V1}/teams/{team}/channels/{channel}/messages/{root}" + (f"/replies/{reply}" if reply else "")
        found = self.found_or_none(lambda: self.get(path))
        if found is None:
            return None
        records, rejected = self._read([found.data], f"{team}/{channel}", caption, root if reply else "")
        if rejected:
            raise PermanentConnectorError(f"{ref}: {rejected[0].field}: {rejected[0].reason}")
        return records[0] if records else None

    def _token(self, url: str, form: Mapping[str, str]) -> Any:
        try:
            return self.http.post(url, form=form).data
        except StatusError as e:  # an app that nobody knows is a 400 here
            raise StatusError(e.message, e.failure, remedy="check the credentials of the connection") from None

    # -- webhooks ---------------------------------------------------------------------------------------------------

    @property
    def proof(self) -> Proof:
        return Proof.CLIENT_STATE

    def receive(self, request: RawRequest, *, now: datetime, kept: Mapping[str, str]) -> Received:
        """As the port says; see ``graph_webhooks``."""
        entities = {Entity.WORKER} if self._options.workers else set()
        entities |= {Entity.MESSAGE} if self.messages_opt_in else set()
        return either(
            self.connection.secrets,
            lambda s: receive(self.name, s.get("client_state", ""), frozenset(entities), request, now),
        )

    def subscribe(self, url: str, *, now: datetime) -> Sequence[Subscription]:
        """As the port says; one for each channel that is read, one for the people."""
        wanted = {"users": "updated,deleted"} if self._options.workers else {}
        if self.messages_opt_in:
            for place in sorted(self._allowed()[0]):
                team, _, channel = place.partition("/")
                wanted[f"teams/{team}/channels/{channel}/messages"] = "created,updated,deleted"
        return subscribe(self, url, wanted, now, hours=self._options.subscription_hours)

    # -- messages ---------------------------------------------------------------------------------------------------

    def _talk(self, cursor: Cursor | None) -> Iterator[Page]:
        names, absent, clock = self._allowed()
        crawl = Crawl(cursor, timedelta(minutes=5), lambda: (sorted(names), clock))
        notes = tuple(f"there is no standard channel {name} of a public team" for name in absent)
        if crawl.parent is None:
            yield Page((), (), crawl.step(None), None, notes or ("no channel is named under options.channels",))
        while crawl.parent is not None:
            page = self._page(crawl, names)
            yield replace(page, warnings=(*notes, *page.warnings))
            notes = ()

    def _page(self, crawl: Crawl, names: Mapping[str, str]) -> Page:
        place = crawl.parent or ""
        if place not in names:  # named no more, or private by now: also in the middle of a pull
            return Page((), (), crawl.step(None))
        link = crawl.token or crawl.mark
        team, _, channel = place.partition("/")
        path = f"{_V1}/teams/{team}/channels/{channel}/messages"
        try:
            answer = (
                self._follow(link) if link else self.get(f"{path}/delta", {"$top": self._options.messages_page_size})
            )
        except StatusError as e:
            verdict = self.classify(e.failure)
            if verdict is Verdict.CURSOR_EXPIRED and link:
                return Page((), (), crawl.forget(), None, (_DIED.format(names[place]),))
            if verdict is Verdict.NOT_FOUND or e.failure.status == 403:
                note = f"channel {names[place]} cannot be read (answered {e.failure.status})"
                return Page((), (), crawl.step(None), None, (note,))
            raise
        roots = values(answer.data, self.name)
        records, rejected = self._read(roots, place, names[place])
        if self._options.replies:
            for root in roots:
                if isinstance(root, Mapping) and root.get("id") and not root.get("@removed"):
                    under = self._replies(f"{path}/{root['id']}/replies")
                    more, bad = self._read(under, place, names[place], str(root["id"]))
                    records, rejected = [*records, *more], [*rejected, *bad]
        fresh, refused = unseen(crawl.window, records), crawl.window.unseen(rejected)
        gone = tuple(SourceRef(self.name, Entity.MESSAGE, f"{place}/{i}") for r in roots if (i := deleted(r)))
        following = str(answer.data.get("@odata.nextLink") or "") or None
        if following is not None and following == crawl.token:
            raise PermanentConnectorError(f"{self.name}: the messages gave the same page link twice")
        return Page(fresh, refused, crawl.step(following, str(answer.data.get("@odata.deltaLink") or "")), gone=gone)

    def _replies(self, path: str) -> list[object]:
        found: list[object] = []
        answer = self.found_or_none(lambda: self.get(path, {"$top": self._options.messages_page_size}))
        for _ in range(_MAX_PAGES):
            if answer is None:
                return found
            found += values(answer.data, self.name)
            link = str(answer.data.get("@odata.nextLink") or "")
            if not link:
                return found
            answer = self._follow(link)
        raise PermanentConnectorError(f"{self.name}: {path} never ends")

    def _read(
        self, rows: Sequence[object], place: str, caption: str, root: str = ""
    ) -> tuple[list[Record], list[Rejected]]:
        first = datetime.now(UTC) - timedelta(days=self._options.history_days)
        below = f"{place}/{root}" if root else place

        def parse(row: Row, ref: SourceRef) -> Record | None:
            user = writer(row)
            if not user or (row.moment("sent") or first) < first:
                return None
            email = self._address(user)
            if not email:
                raise FieldError("from.user", "has no e-mail address that the app may see (User.Read.All)")
            return message(row, ref, caption, email)

        records, rejected = read_rows(
            rows,
            MESSAGE,
            UTC,
            lambda row: SourceRef(self.name, Entity.MESSAGE, f"{below}/{row.required('id')}"),
            parse,
            f"{self.name}:message",
        )
        return records, without_words(rejected, ("body", "text"))

    def _address(self, user: str) -> str:
        """E-mail address of a writer, "" where there is none; each is asked for once."""
        if user not in self._addresses:
            query = {"$select": "mail,userPrincipalName"}
            answer = self.found_or_none(lambda: self.get(f"{_V1}/users/{user}", query))
            data = answer.data if answer and isinstance(answer.data, Mapping) else {}
            self._addresses[user] = str(data.get("mail") or data.get("userPrincipalName") or "")
        return self._addresses[user]

    def _allowed(self) -> tuple[dict[str, str], list[str], datetime | None]:
        """Names by ``team/channel`` ids of what is named and public now; the names there are none for; the clock."""
        if not self._options.channels:
            return {}, [], None
        found, clock = self._channels(frozenset(c.partition("/")[0] for c in self._options.channels))
        wanted = set(self._options.channels)
        kept = {k: n for k, n in found.items() if n in wanted}
        return kept, sorted(wanted - set(kept.values())), clock

    def _channels(self, teams: frozenset[str] | None = None) -> tuple[dict[str, str], datetime | None]:
        """The standard channels of public teams (of those named ``teams``, or of the first ones)."""
        found: dict[str, str] = {}
        listed, clock = self.every(f"{_V1}/teams", {"$select": "id,displayName"})
        wanted = [t for t in listed if teams is None or t.get("displayName") in teams]
        for team in wanted if teams is not None else wanted[:_SHOWN]:
            # A list of teams does not say who may see them; each team does.
            one = self.get(f"{_V1}/teams/{team['id']}").data
            if not isinstance(one, Mapping) or str(one.get("visibility")).lower() != "public":
                continue
            select = {"$select": "id,displayName,membershipType"}
            for channel in self.every(f"{_V1}/teams/{team['id']}/channels", select)[0]:
                if str(channel.get("membershipType")).lower() == "standard":
                    found[f"{team['id']}/{channel['id']}"] = f"{team.get('displayName')}/{channel.get('displayName')}"
        return found, clock
