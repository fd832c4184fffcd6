"""What the documents say is so: commands run, options and variables exist, links lead somewhere.

A fenced block marked ``console`` is run: each line ``$ ascertain …`` (and ``$ python main.py …``) against a copy of the
demonstration's state, in order, and must end with 0. A block marked ``python`` is run as a program. Words in capitals
stand for something of the demonstration: ID a learner, ASSERTION, ITEM, PLAN a drafted one. A block that cannot be run
here has ``<!-- not run: WHY -->`` on the line before it. Each block starts from that state;
the tutorial is one walk.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from ascertain.cli import app
from ascertain.settings import PREFIX, Settings
from tests.e2e.harness import ROOT, Place
from tests.integration.command import call

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("[A-Z]*.md")])
DOCUMENTS = list(dict.fromkeys(d for d in DOCUMENTS if d.exists()))
SKIP = re.compile(r"<!--\s*not run:\s*\S.*-->\s*$")
NAMED = re.compile(r"(?<![\w./-])ascertain((?: +[^\s`|<>#·]+)*)")


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    document: str
    line: int
    language: str
    body: str
    skipped: bool

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks(document: str, text: str) -> list[Block]:
    """The fenced blocks of a text."""
    found = []
    before, language, start = "", None, 0
    body: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if language is None and line.startswith("```"):
            language, start, body = line[3:].strip(), number, []
        elif language is not None and line == "```":
            found.append(Block(document, start, language, "\n".join(body), bool(SKIP.search(before))))
            language, before = None, ""
        elif language is not None:
            body.append(line)
        elif line.strip():
            before = line
    assert language is None, f"{document}:{start}: the block has no end"
    return found


def commands_of(block: Block) -> list[list[str]]:
    """The commands of a console block, as argument lists after the program's name."""
    found = []
    for line in block.body.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            words = shlex.split(line[2:], comments=True)
            if words[:1] == ["ascertain"]:
                found.append(words[1:])
            elif words[:2] == ["python", "main.py"]:
                found.append(words[2:])
            else:
                raise AssertionError(f"{block}: cannot run {line!r}; say why with <!-- not run: … -->")
    return found


def of_all(language: str) -> list[Block]:
    found = [b for d in DOCUMENTS for b in blocks(d.relative_to(ROOT).as_posix(), d.read_text(encoding="utf-8"))]
    return [b for b in found if b.language == language and not b.skipped]


def stand_ins(place: Place) -> dict[str, str]:
    """What the words in capitals stand for."""
    (row,) = place.rows(
        "SELECT r.learner_id, r.assertion_id, r.id FROM review_items r WHERE r.decision IS NULL ORDER BY r.id LIMIT 1"
    )
    ((plan,),) = place.rows("SELECT id FROM onboarding_plans WHERE state = 'draft' ORDER BY id LIMIT 1")
    return dict(zip(("ID", "ASSERTION", "ITEM", "PLAN"), (*row, plan), strict=True))


def walk(document: str) -> str:
    """What runs in one home: the tutorial from end to end, elsewhere a block."""
    return "docs/tutorial.md" if document.startswith("docs/tutorial.md:") else document


WALKS = {name: list(found) for name, found in groupby(of_all("console"), key=lambda b: walk(str(b)))}


@pytest.mark.parametrize("blocks", WALKS.values(), ids=WALKS.keys())
def test_console_blocks_run(blocks: list[Block], own: Place) -> None:
    words = stand_ins(own)
    for block in blocks:
        commands = commands_of(block)
        assert commands, f"{block} runs nothing"
        for arguments in commands:
            named = [words.get(a, a) for a in arguments]
            if block.document == "README.md":  # as a newcomer does, in processes of their own
                own.run(*named)
            else:
                answer = call(*named, home=own.home, folder=own.folder)
                assert answer.code == 0, (named, answer)


def test_the_tutorial_is_one_walk() -> None:
    assert len(WALKS["docs/tutorial.md"]) >= 7


@pytest.mark.parametrize("block", of_all("python"), ids=str)
def test_python_blocks_run(block: Block, own: Place) -> None:
    own.run("-c", block.body, command=(sys.executable,))


def test_blocks_are_found() -> None:
    """The tests above are as good as this reader."""
    text = "a\n```console\n$ ascertain map \\\n  'x y'\nout\n$ python main.py --help\n```\n<!-- not run: no key -->\n"
    text += "```console\n$ rm\n```\n```\nplain\n```\n"
    one, two, three = blocks("d.md", text)
    assert commands_of(one) == [["map", "x y"], ["--help"]]
    assert (one.skipped, two.skipped, three.skipped) == (False, True, False)
    assert (one.line, two.line, three.language) == (2, 9, "")
    with pytest.raises(AssertionError, match="cannot run"):
        commands_of(two)


@cache
def whole() -> Any:
    """All commands; making them takes a while."""
    return typer.main.get_command(app)


def leaf(words: list[str]) -> tuple[Any, list[str]]:
    """The command that words name, and the words after it."""
    command = whole()
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def mentions() -> Iterator[tuple[str, list[str]]]:
    """Commands named in code spans and blocks of the documents."""
    for document in DOCUMENTS:
        for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), start=1):
            spans = re.findall(r"`([^`]+)`", line) or ([line] if line.startswith(("$ ", "ascertain ")) else [])
            for span in spans:
                for found in NAMED.findall(span):
                    yield f"{document.relative_to(ROOT).as_posix()}:{number}", found.split()


def test_every_command_named_exists() -> None:
    named = list(mentions())
    assert len(named) > 20
    for where, words in named:
        command, rest = leaf([w for w in words if w])
        if getattr(command, "commands", None) is not None and rest and re.fullmatch(r"[a-z]+", rest[0]):
            raise AssertionError(f"{where}: there is no `ascertain {' '.join(words)}`")
        options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
        for word in rest:
            if word.startswith("--"):
                assert word.partition("=")[0] in options, f"{where}: `ascertain {' '.join(words)}` has no {word}"


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")

    def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        inner = getattr(command, "commands", {})
        if not inner:
            yield path
        for name, c in inner.items():
            yield from walk(c, (*path, name))

    missing = [p for p in walk(whole(), ()) if f"`ascertain {' '.join(p)}" not in text]
    assert not missing


def test_every_variable_named_exists() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= set(re.findall(r"\bASCERTAIN_[A-Z_]+\b", (ROOT / "config" / "connectors.yaml").read_text()))
    known |= set(re.findall(r"\bASCERTAIN_[A-Z_]+\b", (ROOT / "config" / "connectors-sandbox.yaml").read_text()))
    known |= set(re.findall(r"\bASCERTAIN_[A-Z_]+\b", (ROOT / "config" / "models.yaml").read_text()))
    for dialect in (ROOT / "ascertain" / "sandbox").glob("*.py"):  # what `ascertain sandbox` prints
        known |= set(re.findall(r'"(ASCERTAIN_[A-Z_]+)"', dialect.read_text(encoding="utf-8")))
    for document in [*DOCUMENTS, ROOT / ".env.example"]:
        for name in re.findall(r"\bASCERTAIN_[A-Z][A-Z_]*\b", document.read_text(encoding="utf-8")):
            assert name in known, f"{document.name}: {name}"


def test_every_setting_is_in_the_example_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default)
        said = given[PREFIX + name.upper()]
        assert said == default or float(said) == float(default), name
    assert len(given) == len(Settings.model_fields)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.is_relative_to(ROOT), f"{target} leads out of the repository"
        assert file.exists(), f"{target} leads nowhere"
        if anchor:
            headings = re.findall(r"^#+\s+(.*)$", file.read_text(encoding="utf-8"), flags=re.M)
            slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in slugs, f"{target}: no such heading"


def test_nothing_is_left_to_fill_in() -> None:
    for document in DOCUMENTS:
        found = re.search(
            r"^[A-Z]+_OUTPUT$|\bTODO\b|\bTBD\b|\bFIXME\b", document.read_text(encoding="utf-8"), flags=re.M
        )
        assert found is None, f"{document.name}: {found}"


def test_configuration_files_are_yaml() -> None:
    for file in (ROOT / "config").glob("*.yaml"):
        assert yaml.safe_load(file.read_text(encoding="utf-8")), file
