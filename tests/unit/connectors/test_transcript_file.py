"""Transcripts out of files: what is read, what is refused and how that is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ascertain.connectors import transcript_file
from ascertain.connectors.files_converter import Converter
from ascertain.connectors.transcript_file import Reading, Unread, read_folder, read_transcript, transcripts_converter
from ascertain.errors import InputError
from tests.unit.connectors.files_bench import pdf

VTT = """WEBVTT

NOTE made by a machine

00:01.000 --> 00:03.000
<v Jane Doe>Today we write <b>SQL</b> queries

00:00:03.000 --> 00:00:05.000
with joins &amp; windows.

not --> a time
lost

00:03:12.000 --> 00:03:15.000
In\u200bdexes make them fast.
"""
SRT = """1
00:00:01,000 --> 00:00:02,500
<i>First</i> line
second line.

2
01:02:03,500 --> 01:02:04,000
End.
""".replace("\n", "\r\n")


@pytest.fixture(scope="module")
def converter() -> Iterator[Converter]:
    with closing(transcripts_converter()) as made:
        yield made


def test_captions_keep_their_times_and_lose_speakers_markup_and_what_is_hidden(converter: Converter) -> None:
    read = read_transcript(VTT.encode(), "week 1.vtt", converter)
    assert [(p.second, p.text) for p in read.passages] == [
        (1.0, "Today we write SQL queries with joins & windows."),
        (192.0, "Indexes make them fast."),
    ]
    assert (read.unread, read.remarks) == (1, ("1 caption cannot be read, the first in line 11: left out",))


def test_subrip_in_the_way_of_windows(converter: Converter) -> None:
    read = read_transcript(b"\xef\xbb\xbf" + SRT.encode(), "a.srt", converter)
    assert [(p.second, p.text) for p in read.passages] == [(1.0, "First line second line."), (3723.5, "End.")]


def test_a_pdf_keeps_its_pages_and_a_text_its_lines(converter: Converter) -> None:
    (page,) = read_transcript(pdf("Window functions in SQL"), "slides.pdf", converter).passages
    assert (page.page, page.second, page.text) == (1, None, "Window functions in SQL")
    script = read_transcript("First.\n\n***\nSecond.".encode("utf-16"), "script.txt", converter)
    assert [p.text for p in script.passages] == ["First.", "Second."]


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a.exe", b"x", "is none of these"),
        ("a.vtt", b" ", "is empty"),
        ("a.vtt", b"00:01.000 --> 00:02.000\nno header", "line 1: is no VTT file"),
        ("a.srt", b"just words", "line 1: is no SRT file"),
        ("a.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\n \n", "has no words"),
        ("a.pdf", b"%PDF-1.4 broken", "is damaged"),
        ("a.txt", b"\xff\xfe\x00", "is neither"),
    ],
)
def test_what_cannot_be_read_is_said_with_the_file_and_a_remedy(
    name: str, body: bytes, said: str, converter: Converter
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        read_transcript(body, f"C:\\folder\\{name}", converter)
    assert refused.value.where == name
    assert refused.value.remedy


def test_too_large_and_too_many_captions(monkeypatch: pytest.MonkeyPatch, converter: Converter) -> None:
    many = "WEBVTT\n\n" + "00:01.000 --> 00:02.000\nx\n\n" * 20_001
    with pytest.raises(InputError, match="20001 captions"):
        read_transcript(many.encode(), "a.vtt", converter)
    monkeypatch.setattr(transcript_file, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="larger than"):
        read_transcript(b"x" * 11, "a.txt", converter)


def test_what_is_over_the_limit_of_characters_is_left_out_and_said() -> None:
    with closing(Converter(seconds=30, max_pages=5, max_characters=30)) as small:
        read = read_transcript(b"This is the first line.\nAnd this is the second.", "a.txt", small)
    assert read.passages[0].text == "This is the first line."
    assert sum(len(p.text) for p in read.passages) <= 30
    assert read.left_out > 0
    assert read.remarks


def test_a_folder_is_read_through_however_bad_a_file(tmp_path: Path) -> None:
    (tmp_path / "good.vtt").write_text(VTT)
    (tmp_path / "bad.srt").write_text("no captions")
    (tmp_path / "picture.png").write_bytes(b"x")
    (tmp_path / "link.vtt").symlink_to(tmp_path / "good.vtt")
    found = {r.name: r for r in read_folder(tmp_path)}
    assert isinstance(found["good.vtt"], Reading)
    assert {n for n, r in found.items() if isinstance(r, Unread)} == {"bad.srt", "picture.png", "link.vtt"}
    bad = found["bad.srt"]
    assert isinstance(bad, Unread)
    assert bad.reason.startswith("line 1: is no SRT file")
