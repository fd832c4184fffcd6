"""Chat models of LangChain, one per endpoint and process, and the one way in which a call is retried."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from typing import Any

import httpx
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.rate_limiters import InMemoryRateLimiter
from langsmith import tracing_context
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from agents.brains.bounded import AnswerTooLong, BoundedTransport
from agents.brains.budget import Meter, admit, out_of_time, seconds_left
from agents.brains.models import EndpointConfig
from ascertain.errors import BrainError, BudgetError, ConfigError

_MAX_WAIT_S = 20.0
_BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_sleep = time.sleep
_backoff = wait_random_exponential(multiplier=0.5, max=8.0)
_models: dict[tuple[int, EndpointConfig, str | None], BaseChatModel] = {}
_lock = threading.Lock()


def preload(kinds: Collection[str]) -> None:
    """Import what opens clients of these kinds (seconds), so that forked workers need not."""
    if "openai" in kinds:
        import langchain_openai  # noqa: F401
    if "langchain" in kinds:
        import langchain.chat_models  # noqa: F401
    import agents.brains.endpoint  # noqa: F401


def chat_model(config: EndpointConfig) -> BaseChatModel:
    """The model behind ``config``. Kept for the life of the process (its connections with it), never across a fork.

    Raises:
        ConfigError: when the key's variable is not set, or the provider's package is not installed.
    """
    key = config.api_key()
    with _lock:
        ident = (os.getpid(), config, key)
        if ident not in _models:
            _models[ident] = _open(config, key)
        return _models[ident]


def _open(config: EndpointConfig, key: str | None) -> BaseChatModel:
    common: dict[str, Any] = {
        "timeout": config.timeout_s,
        "max_retries": 0,  # retried here, once, and not in three places
        "temperature": config.temperature,
    }
    if config.max_output_tokens is not None:
        common["max_tokens"] = config.max_output_tokens
    if config.requests_per_second is not None:
        common["rate_limiter"] = InMemoryRateLimiter(requests_per_second=config.requests_per_second)
    if config.kind == "openai":
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(
            model=config.model,
            base_url=config.base_url,
            # A server that wants no key still gets a header from the SDK, which refuses to start without one; and it
            # would otherwise take OPENAI_API_KEY from the environment and send it to whatever base_url names.
            api_key=lambda: key or "none",
            seed=config.seed,
            use_responses_api=False,
            stream_usage=False,
            # The SDK follows redirects, and the prompt would go along to whatever host one names.
            http_client=httpx.Client(follow_redirects=False, timeout=config.timeout_s, transport=BoundedTransport()),
            **common,
        )
    from langchain.chat_models import init_chat_model

    if key is not None:
        common["api_key"] = key
    if config.base_url is not None:
        common["base_url"] = config.base_url
    try:
        model: BaseChatModel = init_chat_model(config.model, model_provider=config.provider, **common)
    except ImportError as e:
        raise ConfigError(
            f"the brain {config.model} needs a package that is not installed: {e}",
            remedy=f"pip install langchain-{config.provider}",
        ) from None
    return model


def ask(
    config: EndpointConfig,
    messages: Sequence[Mapping[str, Any]],
    options: Mapping[str, Any],
    meters: Sequence[Meter] = (),
) -> AIMessage:
    """One answer. Busy and unreachable servers are tried again, waiting as they ask or a random time that doubles.
    ``meters`` are asked before each try, and end one that takes longer than there is time.

    Raises:
        BudgetError: a try was refused, or was not answered in time.
        BrainError: naming the endpoint and what went wrong; never what was sent or received.
    """
    model = chat_model(config)
    policy = Retrying(
        stop=stop_after_attempt(config.attempts),
        wait=_wait,
        retry=retry_if_exception(_transient),
        sleep=lambda seconds: _sleep(min(seconds, _or_ever(seconds_left(meters)))),
        reraise=True,
    )
    try:
        # LangSmith would get every prompt if its variables happen to be set.
        with tracing_context(enabled=False):
            answer = policy(_tried, model, messages, options, meters)
    except BudgetError:
        raise
    except Exception as e:
        raise BrainError(
            f"{config.provider}/{config.model} at {config.base_url or 'its default address'}: {_reason(e)}",
            remedy="check the address, the key and the model's name in config/models.yaml, or try again later",
        ) from e
    if not isinstance(answer, AIMessage):
        raise BrainError(f"{config.provider}/{config.model} answered with a {type(answer).__name__}")
    return answer


def _tried(
    model: BaseChatModel,
    messages: Sequence[Mapping[str, Any]],
    options: Mapping[str, Any],
    meters: Sequence[Meter],
) -> BaseMessage:
    admit(meters)
    call = partial(model.bind(**options).invoke, [dict(m) for m in messages])
    left = seconds_left(meters)
    return call() if left is None else _within(left, call)


def _within(seconds: float, call: Callable[[], BaseMessage]) -> BaseMessage:
    """The call's answer. The time-outs of HTTP clients are for one read each, and not every provider's client has one:
    so it is waited for from outside. What is given up ends with its connection, and is listened to no more.

    Raises:
        BudgetError: there is none by then.
    """
    answer: Future[BaseMessage] = Future()

    def work() -> None:
        try:
            answer.set_result(call())
        except BaseException as e:  # handed over to whoever waits
            answer.set_exception(e)

    threading.Thread(target=copy_context().run, args=(work,), name="endpoint call", daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError:
        if answer.done():
            raise
        raise out_of_time() from None


def _or_ever(seconds: float | None) -> float:
    return math.inf if seconds is None else seconds


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _behind(error: BaseException | None) -> AnswerTooLong | None:
    """An answer that was given up, which the SDK and LangChain each tell as a connection that failed."""
    while error is not None and not isinstance(error, AnswerTooLong):
        error = error.__cause__ or error.__context__
    return error


def _transient(error: BaseException) -> bool:
    status = _status(error)
    if status is not None:
        return status in _BUSY
    if _behind(error) is not None:
        return False
    # Connection and time-out errors of the SDKs carry no status; they are told by name, whatever the provider.
    return any(w in type(error).__name__ for w in ("Connection", "Timeout", "ConnectError", "RemoteProtocol"))


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        asked = float(headers.get("retry-after", ""))
    except ValueError:
        return _backoff(state)
    return min(max(asked, 0.0), _MAX_WAIT_S)


def _reason(error: BaseException) -> str:
    if (behind := _behind(error)) is not None:
        return str(behind)
    status = _status(error)
    kind = type(error).__name__
    return f"status {status} ({kind})" if status is not None else kind
