"""Nothing hidden is taken in, and nothing hidden is shown: terminal, JSON and pages."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import logging
import sys
import unicodedata
from datetime import UTC, datetime

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.columns import Columns
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ascertain.cli import _tell
from ascertain.cli.output import console, emit, nothing_hidden
from ascertain.cli.terminal import DataConsole
from ascertain.connectors.mail_out import SmtpMailer, SmtpServer
from ascertain.domain.text import clean_plain, clean_text, visible
from ascertain.errors import InputError
from ascertain.paths import APP_ROOT
from ascertain.report import _environment
from ascertain.report.dossier import render_dossier
from ascertain.report.fairness import _cell
from ascertain.service.pages.rendering import environment

RANGES = ((0xE0000, 0xE007F), (0xE0100, 0xE01EF), (0xFE00, 0xFE0F), (0x200B, 0x200F), (0x2060, 0x2064))
MORE = ((0xFEFF, 0xFEFF), (0x202A, 0x202E), (0x2066, 0x2069), (0x00AD, 0x00AD), (0x034F, 0x034F))
HIDDEN = "".join(chr(i) for a, b in RANGES + MORE for i in range(a, b + 1))
HOSTILE = st.text(st.one_of(st.characters(blacklist_categories=["Cs"]), st.sampled_from(HIDDEN)), max_size=60)


def hidden_in(text: str) -> list[str]:
    return [hex(ord(c)) for c in text if c in HIDDEN]


@given(HOSTILE)
def test_at_ingest(raw: str) -> None:
    assert hidden_in(clean_text(raw)) == []
    assert hidden_in(clean_plain(raw)) == []


@given(HOSTILE)
def test_at_display(raw: str) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        emit({"text": raw, raw: [raw]}, True, lambda c: None)
        console().print(raw)
    page = _environment().from_string("<p title='{{ t }}'>{{ t }}</p>").render(t=raw)
    assert hidden_in(out.getvalue()) == []
    assert hidden_in(page) == []
    shown = json.JSONDecoder().raw_decode(out.getvalue())[0]
    assert visible(raw) in {visible(key) for key in shown}  # JSON writes a control character as an escape


@given(HOSTILE)
def test_a_terminal_obeys_nothing_of_it(raw: str) -> None:
    """Wherever a text stands in what is drawn; Rich's own colours come through."""
    out = io.StringIO()
    c = DataConsole(out, width=500)
    table = Table(raw, title=raw, caption=raw)
    table.add_row(raw)
    for drawn in (raw, Text(raw), table, Panel(raw), Columns([raw])):
        c.print(drawn, style="red")
    assert {ch for ch in out.getvalue() if unicodedata.category(ch) == "Cc"} <= {"\n", "\t"}
    assert hidden_in(out.getvalue()) == []


@pytest.mark.parametrize("markup", ["[red]", "[/]", "[/nothing]", "[link=https://example.org]", "[person]", ":ticket:"])
def test_markup_in_data_is_letters(markup: str) -> None:
    out = io.StringIO()
    c = DataConsole(out, width=120)
    table = Table(markup, title=markup, box=None)
    table.add_row(f"1 {markup} x")
    for drawn in (f"2 {markup} x", table, Panel(f"3 {markup} x")):
        c.print(drawn)
    assert out.getvalue().count(markup) == 5
    assert all(f"{n} {markup} x" in out.getvalue() for n in (1, 2, 3))


def test_colour_of_the_product_s_own_reaches_a_terminal_and_no_other() -> None:
    out = Terminal()
    with contextlib.redirect_stdout(out), nothing_hidden():
        console().print(Text.assemble(("mine", "bold"), " \x1b[31myours\x1b]0;title\x07"))
    assert out.getvalue() == "\x1b[1mmine\x1b[0m yours]0;title\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(HOSTILE)
def test_a_person_s_copy_shows_nothing_hidden_wherever_it_stands(raw: str) -> None:
    data = {
        "person": {"name": raw, raw: raw},
        "pseudonym": raw,
        "held": {f"evidence {raw}": [{raw: raw, "texts": [raw, {raw: raw}]}]},
        "audit": [{"payload": {raw: raw}}],
        "not_included": [raw],
    }
    assert hidden_in(render_dossier(data, datetime(2026, 5, 4, tzinfo=UTC))) == []


@given(HOSTILE)
def test_a_page_of_the_service_shows_nothing_hidden(raw: str) -> None:
    page = environment().from_string("<p title='{{ t }}'>{{ t }}{{ t|words }}</p>").render(t=raw)
    assert hidden_in(page) == []


@given(HOSTILE)
def test_whatever_a_command_prints_shows_nothing_hidden(raw: str) -> None:
    out, err = io.StringIO(newline=""), io.StringIO(newline="")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), nothing_hidden():
        print(raw)
        typer.echo(raw)
        typer.echo(raw, err=True)
        _tell(InputError(f"there is no learner {raw}", where=raw, field=raw, remedy=raw))
        handler = logging.StreamHandler()
        handler.emit(logging.LogRecord("x", logging.WARNING, "", 0, raw, None, None))
    assert hidden_in(out.getvalue()) == hidden_in(err.getvalue()) == []
    assert visible(raw) in out.getvalue()


@given(HOSTILE)
def test_a_mail_and_a_table_for_a_spreadsheet_show_nothing_hidden(raw: str) -> None:
    mailer = SmtpMailer(SmtpServer("localhost", 25, "none", "Ascertain <skills@example.org>"))
    line = raw.replace("\n", " ").replace("\r", " ")  # no subject has several
    mail = mailer._mail("m1", "chi@example.org", f"News of {line}", f"{raw} has learnt SQL.")
    assert hidden_in(str(mail["Subject"]) + mail.get_content()) == []
    assert hidden_in(_cell(raw)) == []
    assert not _cell(f"\u200b={raw}").startswith("=")


def test_the_streams_are_given_back() -> None:
    before = sys.stdout, sys.stderr
    with pytest.raises(InputError), nothing_hidden():
        raise InputError("x")
    assert (sys.stdout, sys.stderr) == before


def test_every_page_and_every_console_is_made_so() -> None:
    """A new renderer that forgets it is found here."""
    pages: dict[str, str | None] = {}
    consoles: list[str] = []
    for file in sorted((APP_ROOT / "ascertain").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = file.relative_to(APP_ROOT).as_posix()
                if node.func.id in ("Environment", "SandboxedEnvironment", "Template"):
                    pages[place] = {k.arg: ast.unparse(k.value) for k in node.keywords}.get("finalize")
                elif node.func.id == "Console":
                    consoles.append(place)
    assert len(pages) == 2
    assert set(pages.values()) == {"shown"}, pages
    assert consoles == []  # all are a ``DataConsole``


@pytest.mark.parametrize("character", HIDDEN, ids=lambda c: f"U+{ord(c):04X}")
def test_each_of_them(character: str) -> None:
    planted = f"pay{character}roll"
    assert clean_text(planted) == clean_plain(planted) == visible(planted) == "payroll"


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("می\u200cخواهم", "میخواهم"),
        ("क्\u200dष हिन्दी", "क्ष हिन्दी"),
        ("שלום עולם", "שלום עולם"),
        ("مرحبا بالعالم", "مرحبا بالعالم"),
        ("Great work 👍🏽 👩\u200d💻 ❤\ufe0f", "Great work 👍🏽 👩💻 ❤"),
        ("தமிழ் ไทย 日本語", "தமிழ் ไทย 日本語"),
    ],
    ids=["persian", "hindi", "hebrew", "arabic", "emoji", "others"],
)
def test_writing_that_uses_joiners_stays_readable(text: str, letters: str) -> None:
    """All letters stay, in their order."""
    assert visible(text) == letters
    assert clean_text(text) == unicodedata.normalize("NFKC", letters)


def test_a_page_keeps_what_is_markup() -> None:
    page = _environment().from_string("{{ a | safe }}{{ b }}").render(a="<b>\u200bx</b>", b="<\u200b>")
    assert page == "<b>x</b>&lt;&gt;"
