"""What HTTP connectors have in common: construction, authorised calls, the health check."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Self, TypeVar

import httpx

from ascertain.connectors.connection import Connection
from ascertain.connectors.http import Answer, Download, HttpClient, Query, StatusError, verdict_of
from ascertain.connectors.parsing import FieldMap, Row, read_rows
from ascertain.connectors.tokens import TokenKeeper
from ascertain.domain.connector import (
    Budget,
    Capabilities,
    Cursor,
    Failure,
    Health,
    Page,
    QuotaPolicy,
    TenantProfile,
    Verdict,
)
from ascertain.domain.records import Entity, Record, SourceRef
from ascertain.errors import ConfigError, ConnectorError, PermanentConnectorError

T = TypeVar("T")


class HttpConnector(ABC):
    """Base of the connectors that speak HTTP and JSON. A subclass sets ``system``, builds its options in ``setup``,
    and implements what is abstract. Overriding ``authorise`` (headers) or ``auth`` (httpx) brings its credentials."""

    system: ClassVar[str]

    def __init__(
        self,
        connection: Connection,
        *,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        budget: Budget | None = None,
    ) -> None:
        if not connection.url:
            raise ConfigError(
                f"connection {connection.name}: {self.system} is no folder, it needs an address",
                remedy="give url or url_env in place of path",
            )
        self.connection = connection
        self.name = connection.name
        self.zone = connection.zone
        self.tokens: TokenKeeper | None = None
        self.setup()
        quota = self.quota()
        # An address is one for all tenants of a vendor; anything else belongs to a host.
        counted = "ip" if quota.scope == "ip" else f"{quota.scope}:{httpx.URL(connection.url).host}"
        window = quota.window.total_seconds() if quota.calls else 0.0
        self.budget_key = f"{self.system}:{counted}"
        self.http = HttpClient(
            connection.name,
            connection.url,
            others=self.other_hosts(),
            secrets=tuple(connection.secrets.values()),
            auth=self.auth(),
            classify=self.classify,
            inspect=self.inspect,
            mend=self.mend,
            timeout=timeout,
            transport=transport,
            budget=budget,
            quota=quota,
            # A budget by the minute is used up all the time: it is waited for, or such a system never gets to its end.
            max_wait=max(30.0, window) if window <= 60 else 30.0,
            budget_key=self.budget_key,
        )

    @classmethod
    def open(
        cls,
        connection: Connection,
        *,
        timeout: float,
        transport: httpx.BaseTransport | None = None,
        budget: Budget | None = None,
    ) -> Self:
        """For the registry."""
        return cls(connection, timeout=timeout, transport=transport, budget=budget)

    # -- what a system is -------------------------------------------------------------------------------------------

    @abstractmethod
    def setup(self) -> None:
        """Read options and secrets from ``self.connection``; raises ``ConfigError``. Calls nobody."""

    def auth(self) -> httpx.Auth | None:
        """Credentials for every call, where they do not change."""
        return None

    def other_hosts(self) -> Sequence[str]:
        """URLs of further hosts that may be called, such as the vendor's login; none, unless overridden."""
        return ()

    def authorise(self, token: str) -> Mapping[str, str]:
        """Headers of a call; ``token`` is of ``self.tokens``, empty without."""
        return {"Authorization": f"Bearer {token}"} if token else {}

    @abstractmethod
    def capabilities(self) -> Capabilities: ...
    @abstractmethod
    def quota(self) -> QuotaPolicy: ...
    @abstractmethod
    def whoami(self) -> tuple[str, Answer]:
        """One cheap authorised read: how to say that it works, and the answer."""

    @abstractmethod
    def probe(self) -> TenantProfile: ...
    @abstractmethod
    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]: ...
    @abstractmethod
    def fetch(self, ref: SourceRef) -> Record | None: ...
    def classify(self, failure: Failure) -> Verdict:
        """By the status alone, unless overridden."""
        return verdict_of(failure)

    def inspect(self, data: Any, headers: Mapping[str, str]) -> Failure | None:
        """The failure inside an answer whose status is good, with the status that HTTP has for it and the system's own
        word as its body. ``None``, as here, where there is none."""
        return None

    def mend(self, raw: bytes) -> bytes:
        """A good answer's bytes without what a system may put before its JSON; as they are, unless overridden."""
        return raw

    @property
    def messages_opt_in(self) -> bool:
        """``messages_opt_in: true`` among the connection's options; nothing else counts as the organisation's yes."""
        return self.connection.options.get("messages_opt_in") is True

    # -- what they share --------------------------------------------------------------------------------------------

    def check(self) -> Health:
        """As the port says; rights that are too small are for ``whoami`` to find (``PermanentConnectorError``)."""
        try:
            said, answer = self.whoami()
        except ConnectorError as e:
            return Health(False, f"{self.name}: not usable", e.message, e.remedy or "")
        return Health(True, said, skew=datetime.now(UTC) - answer.server_time if answer.server_time else None)

    def close(self) -> None:
        """Give back the connections."""
        self.http.close()

    def get(self, path: str, params: Query | None = None) -> Answer:
        """GET, authorised."""
        return self.authorised(lambda headers: self.http.get(path, params, headers=headers))

    def download(self, path: str, params: Query | None = None) -> Download:
        """GET of a document that may be too large to hold, authorised; the caller closes it."""
        return self.authorised(lambda headers: self.http.download(path, params, headers=headers))

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Query | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """Any other call, authorised. ``repeatable`` False sends it once: for what must not happen twice."""
        own = dict(headers or {})
        return self.authorised(
            lambda given: self.http.send(
                method, path, params=params, body=body, form=form, headers={**own, **given}, repeatable=repeatable
            )
        )

    def authorised(self, call: Callable[[Mapping[str, str]], T]) -> T:
        """Make a call with a token; once more with a new one when the old one died in use."""
        if self.tokens is None:
            return call(self.authorise(""))
        token = self.tokens.token()
        try:
            return call(self.authorise(token))
        except StatusError as e:
            if self.classify(e.failure) is not Verdict.REAUTHENTICATE:
                raise
        return call(self.authorise(self.tokens.token(refused=token)))

    def found_or_none(self, call: Callable[[], Answer]) -> Answer | None:
        """``None`` where the system says that there is no such thing."""
        try:
            return call()
        except StatusError as e:
            if self.classify(e.failure) is Verdict.NOT_FOUND:
                return None
            raise

    def one(
        self, raw: object, fields: FieldMap, ref: SourceRef, parse: Callable[[Row, SourceRef], Record | None]
    ) -> Record | None:
        """A single fetched row as a record.

        Raises:
            PermanentConnectorError: when the row is malformed, naming the field.
        """
        records, rejected = read_rows([raw], fields, self.zone, lambda row: ref, parse, str(ref))
        if rejected:
            raise PermanentConnectorError(f"{ref}: {rejected[0].field}: {rejected[0].reason}")
        return records[0] if records else None

    def has_none(self, entity: Entity) -> PermanentConnectorError:
        """The error for an entity that this connection cannot give."""
        return PermanentConnectorError(f"{self.name}: {self.system} has no {entity.value} to pull")
