"""The log: JSON that can be read, and no word of what an exception said."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ascertain.logs import JsonFormatter, PlainFormatter, set_up, without_messages

NAME = "Zwetlana Planted"


@contextmanager
def bare() -> Iterator[io.StringIO]:
    """A root logger without handlers, and standard error caught."""
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, sys.stderr
    own = logging.getLogger("ascertain").level
    root.handlers[:] = []
    sys.stderr = io.StringIO()
    try:
        yield sys.stderr
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.getLogger("ascertain").setLevel(own)
        sys.stderr = before


def raised() -> None:
    try:
        try:
            raise ValueError(f"(Detail: {NAME})\nand on the next line: {NAME}")
        except ValueError as e:
            raise KeyError(NAME) from e
    except KeyError as e:
        logging.getLogger("ascertain.test").error("failed", exc_info=e)


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exceptions_message_is_not_logged(form: str) -> None:
    with bare() as said_to:
        set_up("INFO", "json" if form == "json" else "text")
        raised()
    said = said_to.getvalue()
    assert NAME not in said
    assert "KeyError" in said
    assert "test_logs.py" in said


def test_a_json_line_holds_its_fields_and_only_them() -> None:
    told = {"job_id": "assess-1f", "queue": "ascertain", "arguments": [NAME]}
    with bare() as said:
        set_up("INFO", "json")
        logging.getLogger("ascertain.test").info("line one\nline two", extra=told)
    (line,) = said.getvalue().splitlines()
    found = json.loads(line)
    assert found.pop("time").endswith("+00:00")
    assert found.pop("process") > 0
    assert found == {
        "level": "INFO",
        "logger": "ascertain.test",
        "message": "line one\nline two",
        "job": "assess-1f",
        "queue": "ascertain",
    }


def test_setting_up_twice_changes_the_form_and_adds_no_line() -> None:
    with bare() as said:
        set_up("INFO", "text")
        set_up("WARNING", "json")
        logging.getLogger("ascertain.test").info("not said")
        logging.getLogger("ascertain.test").warning("said")
    assert [json.loads(line)["message"] for line in said.getvalue().splitlines()] == ["said"]


def test_somebody_elses_logging_is_left_alone() -> None:
    theirs = logging.NullHandler()
    with bare():
        logging.getLogger().addHandler(theirs)
        set_up("DEBUG", "json")
        assert logging.getLogger().handlers == [theirs]


def test_a_traceback_within_a_message_loses_what_it_says() -> None:
    """As RQ logs a job's."""
    text = (
        f'job 1 failed\nTraceback (most recent call last):\n  File "a.py", line 3, in f\n    g(x)\n'
        f"sqlalchemy.exc.DataError: {NAME}\nDETAIL: {NAME}\n  {NAME}\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        f'Traceback (most recent call last):\n  File "b.py", line 9, in h\nRunError: {NAME}\n'
    )
    kept = without_messages(text)
    assert NAME not in kept
    assert "sqlalchemy.exc.DataError" in kept
    assert 'File "b.py", line 9, in h' in kept
    assert kept.endswith("RunError")
    assert without_messages("nothing of the kind") == "nothing of the kind"


@pytest.mark.parametrize("formatter", [PlainFormatter(), JsonFormatter()])
def test_both_forms_cut_tracebacks_in_messages(formatter: logging.Formatter) -> None:
    text = f'Traceback (most recent call last):\n  File "a.py", line 3, in f\nValueError: {NAME}'
    record = logging.LogRecord("rq.worker", logging.ERROR, "", 0, "%s", (text,), None)
    assert NAME not in formatter.format(record)
