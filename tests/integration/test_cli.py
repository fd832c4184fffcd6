"""The command line before there is any data: help, settings, mapping, what it imports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from ascertain import __version__
from ascertain.cli import app
from tests.e2e.harness import ROOT, Place
from tests.integration.command import call

HEAVY = ("crewai", "scipy", "sqlalchemy", "numpy", "ortools", "fastapi", "langchain_core", "rq", "httpx")


def commands() -> Iterator[tuple[str, ...]]:
    """Every command and group there is."""

    def walk(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, (*path, name))

    return walk(typer.main.get_command(app), ())


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...], tmp_path: Path) -> None:
    answer = call(*path, "--help", home=tmp_path / "home")
    assert answer.code == 0, answer.err
    assert f"Usage: ascertain {' '.join(path)}".rstrip() in answer.out
    assert len(answer.out.split("Options:")[0].split()) > 6, "says too little"
    assert not (tmp_path / "home").exists(), "help needs no state"


def test_the_commands_of_the_product_are_there() -> None:
    wanted = (
        "demo doctor sync assess sweep worker schedule profile gaps path report explain replay sandbox map review,list "
        "review,decide audit,verify taxonomy,import taxonomy,list catalogue,import"
    )
    assert {tuple(w.split(",")) for w in wanted.split()} <= set(commands())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("profile", "--help"), ("assess", "--help")])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...], tmp_path: Path) -> None:
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print('HEAVY', [m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr))\n"
        "from ascertain.cli import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=Place(tmp_path).environment()
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert "HEAVY []" in done.stderr


def test_main_py_is_the_same_door(tmp_path: Path) -> None:
    place = Place(tmp_path)
    done = place.run("--version", command=(sys.executable, str(ROOT / "main.py")))
    assert done.stdout == f"ascertain {__version__}\n"
    assert place.run("--version").stdout == done.stdout


def test_without_a_command_it_helps(tmp_path: Path) -> None:
    answer = call(home=tmp_path / "home")
    assert "Usage: ascertain" in answer.out + answer.err
    assert answer.code == 2


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ASCERTAIN_JOB_TIMEOUT", "soon", "integer"),
        ("ASCERTAIN_JOB_TIMEOUT", "1", "greater than or equal to 5"),
        ("ASCERTAIN_QUEUE_URL", "http://x", "must start with redis://"),
        ("ASCERTAIN_DATABASE_URL", "mysql://x", "must be a sqlite or postgresql URL"),
        ("ASCERTAIN_LOG_LEVEL", "LOUD", "DEBUG"),
        ("ASCERTAIN_PSEUDONYM_KEY", "abc", "hexadecimal"),
        ("ASCERTAIN_QUEUE_NAME", "A b", "pattern"),
    ],
)
def test_wrong_setting_is_named(name: str, value: str, told: str, tmp_path: Path) -> None:
    answer = call("profile", "X", home=tmp_path / "home", env={name: value})
    assert answer.code == 2
    assert answer.err.startswith(f"ascertain: {name}: ")
    assert told in answer.err
    assert "remedy: " in answer.err
    assert answer.out == ""


def test_wrong_setting_in_dot_env_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ASCERTAIN_HTTP_TIMEOUT=-3\n")
    answer = call("audit", "verify", home=tmp_path / "home")
    assert answer.code == 2
    assert "ASCERTAIN_HTTP_TIMEOUT" in answer.err


def test_errors_as_json(tmp_path: Path) -> None:
    answer = call("profile", "X", "--json", home=tmp_path / "home", env={"ASCERTAIN_JOB_TIMEOUT": "soon"})
    assert answer.code == 2
    assert answer.out == ""
    told = json.loads(answer.err)
    assert told.keys() == {"error", "message", "remedy"}
    assert told["error"] == "ConfigError"


def test_home_that_cannot_be_made(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    answer = call("audit", "verify", home=blocked / "home", folder=tmp_path)
    assert answer.code == 2
    assert "ASCERTAIN_HOME" in answer.err
    assert "remedy: " in answer.err


def test_home_option_wins(tmp_path: Path) -> None:
    answer = call("--home", str(tmp_path / "other"), "taxonomy", "list", "--json", home=tmp_path / "home")
    assert answer.code == 0
    assert "starter" in answer.json["taxonomies"]
    assert (tmp_path / "other").is_dir()
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("arguments", [("assess",), ("gaps",), ("replay",), ("map",)])
def test_what_is_missing_is_said(arguments: tuple[str, ...], tmp_path: Path) -> None:
    answer = call(*arguments, home=tmp_path / "home")
    assert answer.code == 2
    assert "give " in answer.err
    assert "remedy: ascertain " in answer.err


def test_both_of_two_alternatives(tmp_path: Path) -> None:
    for arguments in (("assess", "--learner", "A", "--cohort", "B"), ("gaps", "A", "--cohort", "B")):
        assert call(*arguments, home=tmp_path / "home").code == 2


def test_sync_without_connections_names_the_variable(tmp_path: Path) -> None:
    answer = call("sync", home=tmp_path / "home")
    assert answer.code == 2
    assert "ASCERTAIN_WORKDAY_URL" in answer.err


def test_sync_names_an_unknown_connection(tmp_path: Path) -> None:
    answer = call("sync", "--only", "moodle", home=tmp_path / "home")
    assert answer.code == 2
    assert "moodle" in answer.err
    assert "docebo" in answer.err


def test_sync_with_a_system_that_is_away(tmp_path: Path) -> None:
    gone = {
        "ASCERTAIN_JIRA_URL": "http://127.0.0.1:9",
        "ASCERTAIN_JIRA_USER": "u",
        "ASCERTAIN_JIRA_TOKEN": "t",
    }
    answer = call("sync", "--only", "jira", "--json", home=tmp_path / "home", env=gone)
    assert answer.code == 6
    assert "jira" in answer.out
    assert "Traceback" not in answer.err


def test_unknown_taxonomy_is_named(tmp_path: Path) -> None:
    answer = call("map", "SQL", "--taxonomy", "esoc", home=tmp_path / "home")
    assert answer.code == 4
    assert "esoc" in answer.err


def test_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "ascertain.sqlite").write_text("this is not a database, " * 100)
    answer = call("profile", "X", home=tmp_path / "home")
    assert answer.code in (1, 2, 8)
    assert answer.err.startswith("ascertain: ")
    assert "Traceback" not in answer.err


class TestMap:
    """`ascertain map`: lines in, lines out."""

    def run(self, tmp_path: Path, text: bytes, *more: str) -> tuple[int, list[dict[str, object]], str]:
        (tmp_path / "in.jsonl").write_bytes(text)
        answer = call("map", "--file", "in.jsonl", *more, home=tmp_path / "home", folder=tmp_path)
        return answer.code, [json.loads(line) for line in answer.out.splitlines()], answer.err

    def test_lines_keep_order_and_id(self, tmp_path: Path) -> None:
        texts = ["Wrote SQL queries and tuned indexes", "", "Pflege der Kundendaten", "Kubernetes " * 50] * 80
        rows = [{"id": i if i % 2 else f"n-{i}", "text": t} for i, t in enumerate(texts)]
        code, lines, err = self.run(
            tmp_path, b"\n\n".join(json.dumps(r).encode() for r in rows), "--top", "3", "--json"
        )
        assert (code, err) == (0, "")
        assert [line["id"] for line in lines] == [r["id"] for r in rows]
        for line in lines:
            assert line.keys() == {"id", "skills"}
            skills = line["skills"]
            assert isinstance(skills, list)
            assert len(skills) == 3
            assert all({"id", "label", "probability"} <= s.keys() for s in skills)
            chances = [s["probability"] for s in skills]
            assert chances == sorted(chances, reverse=True)
            assert all(0 <= p <= 1 for p in chances)
        assert lines[0]["skills"] == lines[4]["skills"]

    def test_top_gives_as_many(self, tmp_path: Path) -> None:
        code, lines, _ = self.run(tmp_path, b'{"id": "1", "text": "SQL"}\n{"id": "2", "text": "zzz"}\n', "--top", "100")
        assert code == 0
        for line in lines:
            skills = line["skills"]
            assert isinstance(skills, list)
            assert len({s["id"] for s in skills}) == 100

    def test_without_top_only_what_is_likely(self, tmp_path: Path) -> None:
        code, lines, _ = self.run(tmp_path, b'{"id": "1", "text": "Wrote SQL queries"}\n{"id": "2", "text": "zzz qqq"}')
        assert code == 0
        first, second = (line["skills"] for line in lines)
        assert isinstance(first, list)
        assert first[0]["label"] == "SQL"
        assert second == []

    def test_bad_lines_are_named_and_the_others_answered(self, tmp_path: Path) -> None:
        bad = (
            b"\xef\xbb\xbf"  # a byte order mark, as some editors leave
            b'{"id": "1", "text": "SQL"}\n'
            b"{not json\n"
            b'{"id": "3"}\n'
            b'{"id": "4", "text": 5}\n'
            b'{"id": "5", "text": "caf\xe9"}\n'
            b"[1, 2]\n"
            b"\n"
            b'{"id": "8", "text": "Python"}\n'
        )
        code, lines, err = self.run(tmp_path, bad)
        assert code == 3
        assert [line["id"] for line in lines] == ["1", "8"]
        told = [line for line in err.splitlines() if line.startswith("ascertain: ")]
        assert [t.split(":")[2].split(",")[0] for t in told] == ["2", "3", "4", "5", "6"]
        assert all("in.jsonl" in t for t in told)
        assert "field 'text'" in told[2]

    def test_standard_input(self, tmp_path: Path) -> None:
        line = '{"id": "ü", "text": "Grundlagen von Excel und SQL"}\n'.encode()
        answer = call("map", "--file", "-", "--top", "1", home=tmp_path / "home", folder=tmp_path, stdin=line)
        assert answer.code == 0
        assert answer.json["id"] == "ü"

    def test_no_such_file(self, tmp_path: Path) -> None:
        answer = call("map", "--file", "none.jsonl", home=tmp_path / "home", folder=tmp_path)
        assert answer.code == 3
        assert "none.jsonl" in answer.err

    def test_one_text(self, tmp_path: Path) -> None:
        answer = call("map", "Built dashboards in Power BI", "--json", home=tmp_path / "home")
        assert answer.code == 0
        assert answer.json["skills"][0]["quote"] in "Built dashboards in Power BI"
        table = call("map", "Built dashboards in Power BI", home=tmp_path / "home")
        assert answer.json["skills"][0]["label"] in table.out


def test_catalogue_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "courses.csv").write_text(
        "id,title,description,hours,level\n"
        "c1,SQL for Analysts,Write SQL queries with joins and window functions,4,2\n"
        "c2,,No title,1,1\n"
        "c3,Delegation,Delegate tasks and give feedback,2,2\n"
    )
    answer = call("catalogue", "import", "courses.csv", "--json", home=tmp_path / "home", folder=tmp_path)
    assert answer.code == 0, answer.err
    assert answer.json["import"]["new"] == 2
    assert "courses.csv" in json.dumps(answer.json["import"]["problems"])
    assert answer.json["tagging"]["contents"] == 2
    again = call("catalogue", "import", "courses.csv", "--json", home=tmp_path / "home", folder=tmp_path)
    assert (again.json["import"]["new"], again.json["import"]["unchanged"]) == (0, 2)
