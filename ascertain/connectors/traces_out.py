"""Sends traces by OTLP over HTTP, with a provider of its own: what other libraries trace goes nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from ascertain import __version__, spans
from ascertain.connectors.addresses import resolve
from ascertain.connectors.host_guard import HostGuard
from ascertain.errors import ConfigError, PermanentConnectorError
from ascertain.spans import Span, Value

if TYPE_CHECKING:
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer as OtelTracer

SEND_SECONDS = 3.0
"""Within which a batch has to be with the collector; else it is lost, and nothing waits for it any longer."""


def check_address(url: str) -> None:
    """
    Raises:
        ConfigError: traces may not be sent there.
    """
    try:
        HostGuard([url], resolve).may_call(httpx.URL(url), "ASCERTAIN_TRACES_URL")
    except PermanentConnectorError as e:
        raise ConfigError(e.message, remedy=e.remedy) from None


@contextmanager
def traced(url: str, process: str) -> Iterator[None]:
    """Send the spans made inside to ``url``, the last ones at the end; nothing where it is empty.

    Made where it is used and not before a fork: it has a thread of its own.

    Args:
        process: service, scheduler or worker.

    Raises:
        ConfigError: the extra is not installed, or nothing may be sent to that address.
    """
    if not url:
        yield
        return
    check_address(url)
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ConfigError(
            "ASCERTAIN_TRACES_URL: the packages for traces are not installed", remedy="pip install 'ascertain[traces]'"
        ) from None
    resource = Resource({"service.name": f"ascertain-{process}", "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=url, timeout=SEND_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter, export_timeout_millis=SEND_SECONDS * 1000))
    spans.use(_Tracer(provider.get_tracer("ascertain", __version__)))
    try:
        yield
    finally:
        spans.use(None)
        provider.shutdown()


class _Tracer:
    """``ascertain.spans.Tracer``."""

    def __init__(self, tracer: OtelTracer) -> None:
        self._tracer = tracer

    @contextmanager
    def span(self, name: str, kind: str, values: Mapping[str, Value]) -> Iterator[Span]:
        from opentelemetry.trace import SpanKind, StatusCode

        # What an exception says may name people: its type is enough.
        with self._tracer.start_as_current_span(
            name, kind=SpanKind[kind.upper()], record_exception=False, set_status_on_exception=False
        ) as inner:
            found = _Span(inner)
            found.note(**values)
            try:
                yield found
            except BaseException as e:
                inner.set_attribute("error.type", type(e).__name__)
                inner.set_status(StatusCode.ERROR)
                raise


class _Span:
    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def note(self, **values: Value) -> None:
        """Set attributes; ``name`` is the span's own."""
        for key, value in values.items():
            if key == "name":
                self._span.update_name(str(value))
            else:
                self._span.set_attribute(_ATTRIBUTES.get(key, f"ascertain.{key}"), value)


_ATTRIBUTES = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
}
"""The names of OpenTelemetry's conventions; all else is ours."""
