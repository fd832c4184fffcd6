"""Slack: what people wrote in public channels that the organisation named. Opt-in, and never a private conversation.

Facts the code rests on: an answer is 200 whatever happened and says ``ok: false`` with a word; pages chain by
``response_metadata.next_cursor``; ``oldest`` is a timestamp of the first message's own; a thread's replies are not in
the history. The text is handed on once and kept nowhere (``talk``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ascertain.connectors.crawl import Crawl
from ascertain.connectors.http import Answer, StatusError, retry_after, verdict_of
from ascertain.connectors.parsing import FieldError, read_rows
from ascertain.connectors.rotation import either
from ascertain.connectors.slack_rows import MESSAGE, SlackOptions, message, moment, timestamp
from ascertain.connectors.slack_webhooks import receive
from ascertain.connectors.slack_writeback import SlackWriteBack
from ascertain.connectors.talk import need_opt_in, unseen, without_words
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
from ascertain.domain.webhooks import Proof, RawRequest, Received
from ascertain.errors import PermanentConnectorError

_WORDS = {
    401: "not_authed invalid_auth account_inactive token_revoked token_expired",
    403: "missing_scope not_allowed_token_type access_denied no_permission not_in_channel ekm_access_denied "
    "team_access_not_granted not_admin not_app_admin cannot_update_admin_user restricted_action",
    404: "channel_not_found user_not_found users_not_found thread_not_found message_not_found user_not_visible",
    429: "ratelimited rate_limited",
    503: "internal_error fatal_error service_unavailable request_timeout",
}
_STATUS = {word: status for status, words in _WORDS.items() for word in words.split()}
_CURSOR_DIED = "the page cursor had expired, so channel {} was read again from its beginning"
_MAX_PAGES = 10_000
_SLACKBOT = "USLACKBOT"
"""Does not say of itself that it is a bot."""


class SlackConnector(SlackWriteBack):
    """One Slack workspace. Secrets: ``token`` (of the app), ``signing_secret`` for events, ``admin_token`` to write."""

    system = "slack"

    def setup(self) -> None:
        self._options = self.connection.options_as(SlackOptions)
        self._token = self.connection.secret("token")
        self._addresses: dict[str, str] | None = None
        if self._options.skills_field:
            self.connection.secret("admin_token")

    def authorise(self, token: str) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def inspect(self, data: Any, headers: Mapping[str, str]) -> Failure | None:
        if not isinstance(data, Mapping) or data.get("ok") is True:
            return None
        word = str(data.get("error") or "no reason")[:80]
        return Failure(_STATUS.get(word, 400), word, retry_after(headers.get("retry-after")))

    def classify(self, failure: Failure) -> Verdict:
        if failure.body == "invalid_cursor":
            return Verdict.CURSOR_EXPIRED
        return verdict_of(failure)

    def capabilities(self) -> Capabilities:
        return Capabilities({Entity.MESSAGE: Incremental.UPDATED_SINCE})

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("token", self._options.calls_per_minute, timedelta(minutes=1))

    def whoami(self) -> tuple[str, Answer]:
        return "signed in", self.get("/api/auth.test")

    def probe(self) -> TenantProfile:
        """Public channels by name (for ``channels``), and custom profile fields by id (for ``skills_field``)."""
        channels = {str(c["name"]): str(c["name"]) for c in self._listed() if c.get("name")}
        fields: dict[str, str] = {}
        answer = self.found_or_none(lambda: self.get("/api/team.profile.get"))
        profile = answer.data.get("profile") if answer else None
        for field in (profile.get("fields") if isinstance(profile, Mapping) else None) or []:
            if isinstance(field, Mapping) and field.get("id"):
                fields[str(field["id"])] = str(field.get("label") or "")
        unused = {
            Entity.MESSAGE: tuple(c for c in channels if c not in self._options.channels),
            Entity.USER: tuple(f for f in fields if f != self._options.skills_field),
        }
        return TenantProfile({Entity.MESSAGE: channels, Entity.USER: fields}, unused)

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity is not Entity.MESSAGE:
            raise self.has_none(entity)
        need_opt_in(self.name, self.messages_opt_in)
        names, absent, clock = self._allowed()
        crawl = Crawl(cursor, timedelta(minutes=self._options.overlap_minutes), lambda: (sorted(names), clock))
        notes = tuple(f"there is no public channel called {name}" for name in absent)
        if crawl.parent is None:
            yield Page((), (), crawl.step(None), None, notes or ("no channel is named under options.channels",))
        while crawl.parent is not None:
            page = self._page(crawl, names)
            yield replace(page, warnings=(*notes, *page.warnings))
            notes = ()

    def fetch(self, ref: SourceRef) -> Record | None:
        need_opt_in(self.name, self.messages_opt_in)
        channel, _, ts = ref.id.partition("-")
        name = self._allowed()[0].get(channel)
        if name is None:
            return None
        only = {"oldest": ts, "latest": ts, "inclusive": "true", "limit": "10"}
        for method, query in (
            ("conversations.history", only),
            ("conversations.replies", {"ts": ts, **only}),
        ):
            answer = self.found_or_none(lambda m=method, q=query: self.get(f"/api/{m}", {"channel": channel, **q}))  # type: ignore[misc]
            rows = _list(answer, "messages") if answer else []
            if same := [r for r in rows if _is(r, ts)]:
                records, rejected = self._read(same, channel, name)
                if rejected:
                    raise PermanentConnectorError(f"{ref}: {rejected[0].field}: {rejected[0].reason}")
                return records[0] if records else None
        return None

    # -- webhooks ---------------------------------------------------------------------------------------------------

    @property
    def proof(self) -> Proof:
        return Proof.HMAC

    def receive(self, request: RawRequest, *, now: datetime, kept: Mapping[str, str]) -> Received:
        """As the port says; see ``slack_webhooks``."""
        opted_in = self.messages_opt_in
        return either(
            self.connection.secrets, lambda s: receive(self.name, s.get("signing_secret", ""), opted_in, request, now)
        )

    # -- one page ---------------------------------------------------------------------------------------------------

    def _page(self, crawl: Crawl, names: Mapping[str, str]) -> Page:
        channel = crawl.parent or ""
        if channel not in names:  # named no more, or private by now: also in the middle of a pull
            return Page((), (), crawl.step(None))
        first = datetime.now(UTC) - timedelta(days=self._options.history_days)
        start = crawl.start or first
        reach = start - timedelta(days=self._options.thread_days) if self._options.replies and crawl.start else start
        query: dict[str, str | int] = {
            "channel": channel,
            "limit": self._options.page_size,
            "oldest": timestamp(max(reach, first)),
        }
        if crawl.token is not None:
            query["cursor"] = crawl.token
        try:
            answer = self.get("/api/conversations.history", query)
        except StatusError as e:
            verdict = self.classify(e.failure)
            if verdict is Verdict.CURSOR_EXPIRED and crawl.token is not None:
                return Page((), (), crawl.again(), None, (_CURSOR_DIED.format(names[channel]),))
            if verdict is Verdict.NOT_FOUND or e.failure.body == "not_in_channel":
                note = f"channel {names[channel]} cannot be read ({e.failure.body}); invite the app into it"
                return Page((), (), crawl.step(None), None, (note,))
            raise
        rows = _list(answer, "messages")
        if self._options.replies:
            rows = [*rows, *(r for row in rows for r in self._replies(channel, row, start))]
        records, rejected = self._read([r for r in rows if not _before(r, start)], channel, names[channel])
        fresh, bad = unseen(crawl.window, records), crawl.window.unseen(rejected)
        token = _next(answer)
        if token is not None and token == crawl.token:
            raise PermanentConnectorError(f"{self.name}: the history gave the same page cursor twice")
        return Page(fresh, bad, crawl.step(token))

    def _replies(self, channel: str, parent: object, start: datetime) -> Iterator[object]:
        """What was answered in a message's thread since ``start``."""
        if not isinstance(parent, Mapping) or not parent.get("reply_count"):
            return
        if _before({"ts": parent.get("latest_reply")}, start):
            return
        root = str(parent.get("thread_ts") or parent.get("ts"))
        query: dict[str, str | int] = {"channel": channel, "ts": root, "oldest": timestamp(start)}
        try:
            for answer in self._pages("conversations.replies", query):
                yield from (r for r in _list(answer, "messages") if not _is(r, root))
        except StatusError as e:  # deleted since the history was read
            if self.classify(e.failure) is not Verdict.NOT_FOUND:
                raise

    def _read(self, rows: Sequence[object], channel: str, name: str) -> tuple[list[Record], list[Rejected]]:
        addresses = self._people()
        records, rejected = read_rows(
            rows,
            MESSAGE,
            UTC,
            lambda row: SourceRef(self.name, Entity.MESSAGE, f"{channel}-{row.required('id')}"),
            lambda row, ref: message(row, ref, name, addresses),
            f"{self.name}:message",
        )
        return records, without_words(rejected)

    # -- people and channels ----------------------------------------------------------------------------------------

    def _people(self) -> dict[str, str]:
        """E-mail address by user id; "" for a bot. Asked for once by each opened connection."""
        if self._addresses is None:
            found: dict[str, str] = {}
            for answer in self._pages("users.list", {}):
                for user in _list(answer, "members"):
                    if not isinstance(user, Mapping) or not user.get("id"):
                        continue
                    profile = user.get("profile")
                    email = profile.get("email") if isinstance(profile, Mapping) else None
                    bot = user.get("is_bot") or user["id"] == _SLACKBOT
                    if bot or isinstance(email, str):
                        found[str(user["id"])] = "" if bot else str(email).strip()
            self._addresses = found
        return self._addresses

    def _allowed(self) -> tuple[dict[str, str], list[str], datetime | None]:
        """Name by id of the channels that are named and public now; the names that there are none for; the clock."""
        clock = self.whoami()[1].server_time
        wanted = {name.removeprefix("#") for name in self._options.channels}
        found = {str(c["id"]): str(c["name"]) for c in self._listed() if c.get("name") in wanted} if wanted else {}
        return found, sorted(wanted - set(found.values())), clock

    def _listed(self) -> Iterator[Mapping[str, Any]]:
        """The public channels. Asking for them only is not relied on: each says for itself what it is."""
        query: dict[str, str | int] = {"types": "public_channel", "exclude_archived": "true"}
        for answer in self._pages("conversations.list", query):
            for channel in _list(answer, "channels"):
                if isinstance(channel, Mapping) and channel.get("id") and not _is_private(channel):
                    yield channel

    def _pages(self, method: str, query: Mapping[str, str | int]) -> Iterator[Answer]:
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            more = {"cursor": cursor} if cursor else {}
            answer = self.get(f"/api/{method}", {"limit": 200, **query, **more})
            yield answer
            following = _next(answer)
            if following is None or following == cursor:
                return
            cursor = following
        raise PermanentConnectorError(f"{self.name}: {method} never ends")


def _is_private(channel: Mapping[str, Any]) -> bool:
    """Private, direct, or shared with another organisation, whose people have not been asked."""
    return any(channel.get(k) for k in ("is_private", "is_im", "is_mpim", "is_group", "is_ext_shared"))


def _list(answer: Answer, key: str) -> list[object]:
    found = answer.data.get(key) if isinstance(answer.data, Mapping) else None
    return found if isinstance(found, list) else []


def _next(answer: Answer) -> str | None:
    meta = answer.data.get("response_metadata")
    token = meta.get("next_cursor") if isinstance(meta, Mapping) else None
    return str(token) if token else None


def _is(row: object, ts: str) -> bool:
    return isinstance(row, Mapping) and row.get("ts") == ts


def _before(row: object, start: datetime) -> bool:
    """Whether it was last touched before ``start``; an unreadable time is for the reader to name."""
    if not isinstance(row, Mapping) or not isinstance(row.get("ts"), str):
        return False
    edited = row.get("edited")
    stamps = [row["ts"], *([str(edited.get("ts"))] if isinstance(edited, Mapping) else [])]
    try:
        return max(moment(s) for s in stamps) < start
    except FieldError:
        return False
