"""The library on the command line: transcripts put to courses, the whole of it read, what no skill fits, search."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.jobs.outgoing import HANDLERS, TAG, TAG_PART
from ascertain.jobs.schedule import read_schedules
from ascertain.jobs.tagging import MOST, Batches, batches, tag_library, tag_part
from ascertain.pipeline.stop import Stopped, turn_everything
from ascertain.runtime import open_app, set_app
from tests.integration.command import Answer, call
from tests.integration.job_harness import job_queue, settings_in
from tests.integration.pipeline.world import course

TALK = "WEBVTT\n\n" + "".join(f"00:0{i}:12.000 --> 00:0{i}:15.000\nKubernetes runs containers.\n\n" for i in range(5))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    (folder / "courses.csv").write_text(
        "code,title,description,level\n"
        "SQL-1,Advanced SQL,Write SQL queries with window functions.,\n"
        "DAY-3,Day three,What we do on the third day.,Intermediate\n"
        "BEE-1,Beekeeping,Hives and honey.,\n"
    )
    made = folder / "home"
    assert call("catalogue", "import", "courses.csv", home=made, folder=folder).code == 0
    talks = folder / "talks"
    talks.mkdir()
    (talks / "day-3.en.vtt").write_text(TALK)
    (talks / "unknown.vtt").write_text(TALK)
    (talks / "bee-1.srt").write_text("no captions")
    return made


def tell(home: Path, *arguments: str) -> Answer:
    return call(*arguments, home=home, folder=home.parent)


def test_transcripts_of_a_folder_find_their_courses_and_bad_files_are_named(home: Path) -> None:
    answer = tell(home, "content", "transcript", "import", "talks", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["import"]["new"] == 1
    first, second = sorted(answer.json["import"]["problems"])
    assert first.startswith("bee-1.srt: line 1: is no SRT file")
    assert second.startswith("unknown.vtt: is named after no content")
    assert answer.json["tagging"]["contents"] == 1, "only what has other words is mapped again"
    (row,) = tell(home, "content", "transcript", "list", "--json").json
    assert (row["title"], row["seconds"]) == ("Day three", 252.0)
    assert "04:12  Kubernetes runs containers." in tell(home, "content", "transcript", "show", row["content"]).out
    tags = tell(home, "content", "tags", "--content", row["content"], "--json").json["tags"]
    assert [(t["label"], t["place"]) for t in tags] == [("Kubernetes", "at 00:12")]
    again = tell(home, "content", "transcript", "import", "talks", "--json").json
    assert (again["import"]["new"], again["import"]["unchanged"], again["tagging"]["contents"]) == (0, 1, 0)


def test_one_file_that_is_wrong_is_an_error_with_a_remedy(home: Path) -> None:
    answer = tell(home, "content", "transcript", "put", "nothing", "talks/bee-1.srt")
    assert answer.code == 3
    assert "bee-1.srt" in answer.err
    assert "WebVTT" in answer.err
    assert tell(home, "content", "transcript", "put", "nothing", "talks/day-3.en.vtt").code == 4
    assert tell(home, "content", "transcript", "show", "nothing").code == 4
    assert tell(home, "content", "transcript", "put", "nothing", "talks/missing.vtt").code == 3


def test_the_library_is_read_once_and_says_what_no_skill_fits(home: Path) -> None:
    before = tell(home, "content", "coverage", "--json").json
    assert (before["contents"], before["mapped"], before["weighed"]) == (3, 3, 0)
    answer = tell(home, "content", "tag-all", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["tagging"]["contents"] == 0
    assert answer.json["weighing"]["contents"] == 3
    after = tell(home, "content", "coverage", "--json").json
    assert (after["weighed"], after["terms"]) == (3, {"Beekeeping": 1})
    assert tell(home, "content", "tag-all", "--json").json["weighing"]["contents"] == 0
    levels = {r["title"]: r["tags"][0]["level"] for r in tell(home, "content", "list", "--json").json if r["tags"]}
    assert levels == {"Advanced SQL": 4, "Day three": 3}, "the text's word where the source states none, else its own"
    assert "3 of 3 items mapped, 3 weighed" in tell(home, "content", "coverage").out


def test_the_queue_reads_the_library_in_parts_and_none_of_them_twice(home: Path) -> None:
    app = open_app(settings_in(home.parent))
    set_app(app)
    try:
        with app.units() as uow:
            uow.contents.upsert([course(f"n-{i:03}", f"Python, part {i}") for i in range(MOST + 5)])
            uow.commit()
        with job_queue(app.settings) as queue:
            first = tag_library("schedule:library")
            assert (first["parts"], first["queued"]) == (2, 2)
            assert tag_library("cli")["queued"] == 0, "the same parts are queued once"
            assert batches(queue) == Batches(waiting=2, running=0, retrying=0, done=0, failed=0)
        todo = app.library_open()
        done = tag_part(*todo[:MOST])
        assert (done["mapped"], done["weighed"], done["refused"]) == (MOST, MOST, 0)
        assert tag_part(*todo[:MOST]) == {"mapped": 0, "weighed": 0, "kept": 0, "refused": 0}, "RQ may run it twice"
        assert app.library_open() == todo[MOST:]
        turn_everything(app.units, app.clock, "tests", "enough", on=False)
        with pytest.raises(Stopped):
            tag_part(*todo[MOST:])
    finally:
        set_app(None)
        app.close()


def test_the_shipped_schedule_reads_the_library_through_a_known_job() -> None:
    assert "tag" in {e.task for e in read_schedules().values()}
    assert {TAG, TAG_PART} <= HANDLERS
