"""Brings documents to text, in a process of its own: what the parsers choke on cannot take the product along.

Run as a program it reads requests from standard input, one JSON object a line (``path``, ``suffix``, limits), and
answers each with one (``text`` and ``left_out``; ``passages`` where those were asked for; or ``problem``). Memory and
processor time are limited by the system.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from io import BytesIO
from typing import Any, BinaryIO

from ascertain.connectors.files_folder import FileProblem

SUFFIXES = (".pdf", ".docx", ".html", ".htm", ".md", ".markdown", ".txt")


def text_of(stream: BinaryIO, suffix: str, *, max_pages: int, max_characters: int) -> tuple[str, int]:
    """A document's text, and how many of its pages were left out.

    Raises:
        FileProblem: when there is none to be had, with the reason.
    """
    match suffix:
        case ".pdf":
            return _pdf(stream, max_pages, max_characters)
        case ".docx":
            return _docx(stream), 0
        case ".html" | ".htm":
            return _html(_decoded(stream)), 0
        case ".md" | ".markdown":
            return _markdown(_decoded(stream)), 0
        case ".txt":
            return _decoded(stream), 0
        case _:
            raise FileProblem(f"is none of {', '.join(SUFFIXES)}")


def passages_of(stream: BinaryIO, suffix: str, *, max_pages: int, max_characters: int) -> dict[str, Any]:
    """A transcript in ``passages`` of (second, page, text); ``left_out`` pages or characters; ``unread`` captions, and
    ``where`` the first of them stands.

    Raises:
        FileProblem: when there is none to be had, with the reason.
    """
    from ascertain.connectors import files_captions
    from ascertain.domain.text import clean_plain
    from ascertain.domain.transcripts import Passage, spoken

    unread, where, left_out = 0, "", 0
    if suffix in files_captions.SUFFIXES:
        cues, unread, where = files_captions.cues_of(_decoded(stream), suffix)
        found = spoken(cues)
    elif suffix == ".pdf":
        pages, left_out = _pdf_pages(stream, max_pages, max_characters)
        found = tuple(Passage(clean_plain(_flowing(p)), page=n) for n, p in enumerate(pages, 1))
    else:
        text, left_out = text_of(stream, suffix, max_pages=max_pages, max_characters=max_characters)
        found = tuple(Passage(p) for p in clean_plain(text).split("\n"))
    kept: list[tuple[float | None, int | None, str]] = []
    room = max_characters
    for passage in found:
        if not any(c.isalpha() for c in passage.text):
            continue
        if len(passage.text) > room:
            left_out += len(passage.text) - max(0, room)
            kept += [(passage.second, passage.page, passage.text[:room])] if room > 0 else []
            room = 0
            continue
        room -= len(passage.text)
        kept.append((passage.second, passage.page, passage.text))
    return {"passages": kept, "left_out": left_out, "unread": unread, "where": where}


def _decoded(stream: BinaryIO) -> str:
    raw = stream.read()
    for encoding in ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileProblem("is neither UTF-8 nor cp1252")


def _pdf(stream: BinaryIO, max_pages: int, max_characters: int) -> tuple[str, int]:
    pages, left_out = _pdf_pages(stream, max_pages, max_characters)
    return _flowing("\n\n".join(pages)), left_out


def _pdf_pages(stream: BinaryIO, max_pages: int, max_characters: int) -> tuple[list[str], int]:
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(stream)
    except pypdfium2.PdfiumError:
        code = raw.FPDF_GetLastError()
        if code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise FileProblem("is encrypted: save it without a password") from None
        raise FileProblem("is damaged: it is no PDF") from None
    try:
        count = len(document)
        parts: list[str] = []
        size = 0
        for number in range(min(count, max_pages)):
            page = document[number]
            text = page.get_textpage().get_text_bounded()
            page.close()
            parts.append(text)
            size += len(text)
            if size > max_characters:
                break
        return parts, max(0, count - max_pages)
    except pypdfium2.PdfiumError:
        raise FileProblem("is damaged: a page cannot be read") from None
    finally:
        document.close()


def _flowing(text: str) -> str:
    """Lines of a page as sentences: words cut at the end of a line are whole again, and a line that goes on in small
    letters goes on."""
    whole = re.sub(r"[\x02\ufffe]\r?\n?", "", text)
    return re.sub(r"[^\S\n]*\n(\w)", lambda m: f" {m[1]}" if m[1].islower() else f"\n{m[1]}", whole)


def _docx(stream: BinaryIO) -> str:
    import zipfile
    import zlib

    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError
    from docx.oxml.ns import qn
    from lxml.etree import XMLSyntaxError

    from ascertain.connectors.files_zip import refuse_bombs

    refuse_bombs(stream)
    try:
        body = Document(stream).element.body
    except (PackageNotFoundError, XMLSyntaxError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as e:
        raise FileProblem(f"is damaged: it is no DOCX ({type(e).__name__})") from None
    # What a reader does not see: deleted text has an element of its own (delText), hidden runs are marked, and a text
    # box stands there twice.
    paragraphs: list[str] = []
    for paragraph in body.iter(qn("w:p")):
        if _inside(paragraph, "Fallback"):
            continue
        words: list[str] = []
        for node in paragraph.iter(qn("w:t"), qn("w:tab"), qn("w:br")):
            run = node.getparent()
            if run is None or run.tag != qn("w:r") or _owner(node, qn("w:p")) is not paragraph:
                continue
            marks = run.find(qn("w:rPr"))
            vanish = marks.find(qn("w:vanish")) if marks is not None else None
            if vanish is not None and vanish.get(qn("w:val"), "1") not in ("0", "false", "off"):
                continue
            words.append(node.text or "" if node.tag == qn("w:t") else " " if node.tag == qn("w:tab") else "\n")
        paragraphs.append("".join(words))
    return "\n".join(paragraphs)


def _owner(node: Any, tag: str) -> Any:
    return next(node.iterancestors(tag), None)


def _inside(node: Any, name: str) -> bool:
    return any(str(a.tag).endswith("}" + name) for a in node.iterancestors())


def _html(text: str) -> str:
    from ascertain.domain.text import clean_text

    return clean_text(text)


def _markdown(text: str) -> str:
    from markdown_it import MarkdownIt

    if text.startswith("---\n") and (end := text.find("\n---", 3)) > 0:
        text = text[end + 4 :]  # what wikis put there is about the page, not of it
    return _html(MarkdownIt("commonmark").enable("table").render(text))


def answer(request: Mapping[str, Any], stream: BinaryIO) -> dict[str, Any]:
    """The answer to one request."""
    try:
        limits = {k: int(request[k]) for k in ("max_pages", "max_characters")}
        if request.get("passages"):
            return passages_of(stream, str(request["suffix"]), **limits)
        text, left_out = text_of(stream, str(request["suffix"]), **limits)
    except FileProblem as e:
        return {"problem": e.reason}
    except RecursionError:
        return {"problem": "is nested too deep to be read"}
    return {"text": text[: limits["max_characters"] + 1], "left_out": left_out}


def main() -> None:
    """Answer until standard input ends. Arguments: bytes of memory, seconds of processor time."""
    import resource

    memory, seconds = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests = sys.stdin.buffer
    for line in iter(requests.readline, b""):
        request = json.loads(line)
        body = BytesIO(requests.read(int(request["size"])))
        try:
            found = answer(request, body)
        except MemoryError:
            found = {"problem": "needs more memory than a document is given"}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
