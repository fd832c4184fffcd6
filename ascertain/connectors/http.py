"""The one HTTP client of all connectors.

A call is tried a few times while trying again can help (429, 5xx, timeouts, refused or broken connections, answers
that stop half-way or are not JSON), waiting as the server asks or exponentially with jitter. A longer wait than
``max_wait`` is not slept away: the error carries it, so that the runner can come back later. Links and redirects to
another host are refused, because credentials would travel with them, so are names that lead to addresses which are
never called (:mod:`ascertain.connectors.addresses`), and an answer over ``max_bytes`` is cut off.
"""

from __future__ import annotations

import codecs
import json
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Any, cast

import httpx
import tenacity

from ascertain import spans
from ascertain.connectors.addresses import Resolve, is_loopback, origin, resolve
from ascertain.connectors.host_guard import HostGuard
from ascertain.connectors.redaction import redacted
from ascertain.connectors.sealed import SealedFile
from ascertain.domain.connector import Budget, Failure, QuotaPolicy, Verdict
from ascertain.errors import PermanentConnectorError, RetryableConnectorError

log = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024 * 1024
MAX_DOWNLOAD = 4 * 1024 * 1024 * 1024
_IN_MEMORY = 4 * 1024 * 1024
_KEPT_BODY = 500
_MAX_REDIRECTS = 3
Query = Mapping[str, str | int | Sequence[str]]


class StatusError(PermanentConnectorError):
    """The system refused. ``failure`` has the status and the beginning of the body."""

    def __init__(self, message: str, failure: Failure, *, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: parsed JSON (``None`` where the body is empty), the server's clock (aware UTC) where it said, and
    the headers."""

    data: Any
    server_time: datetime | None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Download:
    """A whole good answer in a file without a name, at its beginning; whoever reads it closes it."""

    file: IO[bytes]
    server_time: datetime | None


def verdict_of(failure: Failure) -> Verdict:
    """What the HTTP status alone says; a connector refines it."""
    if failure.status is None or failure.status in (408, 425, 429) or failure.status >= 500:
        return Verdict.RETRY
    if failure.status == 401:
        return Verdict.REAUTHENTICATE
    if failure.status in (404, 410):
        return Verdict.NOT_FOUND
    return Verdict.PERMANENT


class HttpClient:
    """Calls one host and returns JSON.

    Args:
        name: the connection's name, for messages.
        base_url: scheme and host, perhaps a path.
        others: further URLs whose hosts may be called, such as that of the vendor's login.
        classify: what to do about a failure.
        inspect: finds the failure inside a good answer's JSON, for systems that answer 200 whatever happened; its
            ``status`` is what HTTP would have said.
        mend: takes away what a system may put before the JSON of a good answer.
        timeout: seconds a single call may take.
        tries: calls made in all before giving up.
        max_wait: longest pause between tries, in seconds.
        budget: call budgets shared between processes; ``quota`` is the rule of these calls, and what has
            the same ``budget_key`` is counted together.
        transport: replaces the network, so that recorded answers can be replayed.
        find: looks names up.
        secrets: taken out of what a system says back.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        others: Sequence[str] = (),
        auth: httpx.Auth | None = None,
        classify: Callable[[Failure], Verdict] = verdict_of,
        inspect: Callable[[Any, Mapping[str, str]], Failure | None] | None = None,
        mend: Callable[[bytes], bytes] | None = None,
        timeout: float = 30.0,
        tries: int = 5,
        max_wait: float = 30.0,
        max_bytes: int = MAX_BYTES,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        budget: Budget | None = None,
        quota: QuotaPolicy | None = None,
        budget_key: str = "",
        find: Resolve = resolve,
        secrets: Sequence[str] = (),
    ) -> None:
        self._name = name
        self._secrets = tuple(secrets)
        self._hosts = HostGuard((base_url, *others), find if transport is None else None)
        self._budget = budget
        self._quota = quota
        self._budget_key = budget_key
        self._sleep = sleep
        self._classify = classify
        self._inspect = inspect
        self._mend = mend
        self._max_bytes = max_bytes
        self._max_wait = max_wait
        self._client = httpx.Client(
            base_url=base_url,
            auth=auth,
            timeout=timeout,
            transport=transport,
            follow_redirects=False,
            trust_env=not is_loopback(base_url),
            headers={"Accept": "application/json", "User-Agent": "ascertain"},
        )
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._worth_waiting),
            wait=self._pause,
            stop=tenacity.stop_after_attempt(tries),
            sleep=sleep,
            before_sleep=self._note,
            reraise=True,
        )
        self._backoff = tenacity.wait_random_exponential(multiplier=0.25, max=max_wait)

    def get(self, path: str, params: Query | None = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """GET; raises ``RetryableConnectorError`` or ``StatusError``."""
        return self._call("GET", path, params=params, headers=headers)

    def download(self, path: str, params: Query | None = None, *, headers: Mapping[str, str] | None = None) -> Download:
        """GET of a JSON document that may be too large to hold. It is read to its end before anybody sees any of it, so
        that a broken one is tried again like any other answer. A small one stays in memory, a larger one is in a
        temporary file that is enciphered and vanishes with this process.

        Raises:
            RetryableConnectorError, StatusError: as ``get``.
        """
        request = self._client.build_request("GET", path, params=_listed(params), headers=dict(headers or {}))
        found: Download = self._retrying.copy()(self._spool, request)
        return found

    def post(
        self,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """POST of a form or JSON. Only for calls that may be repeated: searches and token requests."""
        return self._call("POST", path, form=form, body=body, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Query | None = None,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """Any method. ``repeatable`` False: tried once, so that nothing is done twice; the error says whether an
        answer came."""
        return self._call(method, path, params=params, form=form, body=body, headers=headers, repeatable=repeatable)

    def close(self) -> None:
        """Give back the connections."""
        self._client.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Query | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        repeatable: bool = True,
    ) -> Answer:
        request = self._client.build_request(
            method,
            path,
            params=_listed(params),
            headers=dict(headers or {}),
            data=dict(form) if form is not None else None,
            json=body,
        )
        if not repeatable:
            return self._once(request)
        # A copy of the retrying object a call: tenacity keeps the state of the running call in it.
        answer: Answer = self._retrying.copy()(self._once, request)
        return answer

    def _once(self, request: httpx.Request) -> Answer:
        place = f"{self._name}: {request.method} {request.url.path}"
        response, raw = self._exchange(request, place)
        if response.status_code == 204 or (not raw.strip() and request.method not in ("GET", "POST")):
            return Answer(None, _server_time(response), response.headers)
        try:
            data = json.loads(self._mend(raw) if self._mend else raw)
        except ValueError:
            said = redacted(raw[:_KEPT_BODY].decode("utf-8", "replace"), self._secrets, request)
            raise _no_json(place, said[:60]) from None
        if self._inspect is not None and (inside := self._inspect(data, response.headers)) is not None:
            self._refused(f"{place}: answered {response.status_code}, but says {inside.body}", inside)
        return Answer(data, _server_time(response), response.headers)

    def _spool(self, request: httpx.Request) -> Download:
        place = f"{self._name}: {request.method} {request.url.path}"
        file: IO[bytes] = cast(IO[bytes], SealedFile(_IN_MEMORY))
        try:
            response, _ = self._exchange(request, place, file)
            file.seek(0)
            start = file.read(60)
            marked = len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0
            file.seek(max(0, file.seek(0, os.SEEK_END) - 60))
            if start[marked:].lstrip()[:1] not in (b"{", b"[") or file.read().rstrip()[-1:] not in (b"}", b"]"):
                said = redacted(start.decode("utf-8", "replace"), self._secrets, request)
                raise _no_json(place, said)
            file.seek(marked)
        except OSError as e:
            file.close()
            raise PermanentConnectorError(
                f"{place}: the answer cannot be kept while it is read: {e.strerror}",
                remedy="make room in the folder for temporary files (TMPDIR)",
            ) from None
        except BaseException:
            file.close()
            raise
        return Download(file, _server_time(response))

    def _exchange(
        self, request: httpx.Request, place: str, sink: IO[bytes] | None = None
    ) -> tuple[httpx.Response, bytes]:
        """One call: a good answer and its body, which is empty where it went into ``sink``."""
        self._within_budget(place)
        try:
            with spans.span(f"call {self._name}", "client", method=request.method) as span:
                response, raw = self._send(request, place, sink)
                span.note(status=response.status_code)
        except httpx.TimeoutException:
            raise RetryableConnectorError(f"{place}: no answer in time") from None
        except httpx.ConnectError as e:
            raise RetryableConnectorError(
                f"{place}: {_plain(e)}",
                remedy="look whether the connection's address is right and can be reached from here",
            ) from None
        except httpx.RequestError as e:  # also a body that ends early or cannot be unpacked
            raise RetryableConnectorError(f"{place}: {_plain(e)}") from None
        if response.status_code >= 400:
            # Before it is cut: the beginning of a secret would no longer be known as one.
            body = redacted(raw[: 8 * _KEPT_BODY].decode("utf-8", "replace"), self._secrets, request)[:_KEPT_BODY]
            failure = Failure(response.status_code, body, retry_after(response.headers.get("retry-after")))
            self._refused(f"{place}: answered {response.status_code}", failure)
        return response, raw

    def _within_budget(self, place: str) -> None:
        """Wait for room in the shared budget if it comes soon; else let the runner come back later."""
        if self._budget is None or self._quota is None:
            return
        while wait := self._budget.take(self._budget_key, self._quota):
            if wait > self._max_wait:
                raise RetryableConnectorError(
                    f"{place}: the call budget ({self._quota.scope}) is used up", retry_after=wait
                )
            self._sleep(wait)

    def _send(self, request: httpx.Request, place: str, sink: IO[bytes] | None = None) -> tuple[httpx.Response, bytes]:
        home = origin(request.url)
        self._hosts.may_call(request.url, place)
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._client.send(request, stream=True)
            try:
                # Again, by the address that answered: a name may have led elsewhere since it was looked up.
                self._hosts.may_hear(response, request.url.host, place)
                raw = self._read(response, place, sink if response.is_success else None)
            finally:
                response.close()
            if response.next_request is None:
                return response, raw
            target = response.next_request.url
            if origin(target) != home:
                raise PermanentConnectorError(
                    f"{place}: redirected to another host, {target.host}; not followed",
                    remedy="set the URL of the connection to the host that answers",
                )
            request = response.next_request
        raise PermanentConnectorError(f"{place}: redirected more than {_MAX_REDIRECTS} times")

    def _read(self, response: httpx.Response, place: str, sink: IO[bytes] | None) -> bytes:
        chunks: list[bytes] = []
        most = self._max_bytes if sink is None else MAX_DOWNLOAD
        keep = chunks.append if sink is None else sink.write
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > most:
                raise PermanentConnectorError(
                    f"{place}: the answer is larger than {most // 1024} KiB",
                    remedy="ask for smaller pages or narrow the report",
                )
            keep(chunk)
        return b"".join(chunks)

    def _refused(self, message: str, failure: Failure) -> None:
        if self._classify(failure) is Verdict.RETRY:
            if self._budget is not None and failure.status == 429 and failure.retry_after:
                self._budget.block(self._budget_key, failure.retry_after)  # the other processes need not try
            raise RetryableConnectorError(message, retry_after=failure.retry_after)
        remedies = {401: "check the credentials of the connection", 403: "give the integration user more rights"}
        raise StatusError(message, failure, remedy=remedies.get(failure.status or 0))

    def _worth_waiting(self, error: BaseException) -> bool:
        if not isinstance(error, RetryableConnectorError):
            return False
        return error.retry_after is None or error.retry_after <= self._max_wait

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, RetryableConnectorError) and error.retry_after is not None:
            return error.retry_after
        return float(self._backoff(state))

    def _note(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        # Neither the address nor the answer: both may name people.
        log.info("%s: %s; try %d", self._name, type(error).__name__, state.attempt_number + 1)


def _listed(params: Query | None) -> dict[str, Any] | None:
    # None, not {}: an empty mapping would strip the query of a link that the system gave.
    return {k: list(v) if isinstance(v, list | tuple) else v for k, v in params.items()} if params else None


def _no_json(place: str, start: str) -> RetryableConnectorError:
    return RetryableConnectorError(
        f"{place}: the answer is not JSON but begins {start!r}",
        remedy="check that the URL is that of the API; a maintenance page looks like this too",
    )


def retry_after(value: str | None) -> float | None:
    """Seconds from either form of the header (RFC 9110 §10.2.3); ``None`` if absent or unreadable."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (when - datetime.now(when.tzinfo or UTC)).total_seconds())


def _server_time(response: httpx.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC)
    except ValueError:
        return None


def _plain(error: httpx.RequestError) -> str:
    return str(error) or type(error).__name__
