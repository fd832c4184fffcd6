"""Transcripts of content over HTTP."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from ascertain.connectors.transcript_file import read_transcript
from ascertain.domain.permission import Action
from ascertain.errors import InputError
from ascertain.pipeline.permit import demand
from ascertain.pipeline.transcripts import attach
from ascertain.service.api.answers import One
from ascertain.service.api.asking import Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_stewardship import PutTranscript, TranscriptKept
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, once, takes

router = APIRouter(prefix="/v1", tags=["catalogue"], responses=PROBLEMS)

MOST_BYTES = 2 * 1024 * 1024
"""Of a body: hours of captions, or a PDF of 1.5 MB. Larger files go through the command line."""


@router.post(
    "/content/{content}/transcript",
    operation_id="put_transcript",
    response_model=One[TranscriptKept],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(PutTranscript),
)
def put(
    content: Annotated[str, Path(max_length=300)],
    caller: Annotated[Caller, Depends(Writes(Action.CATALOGUE_IMPORT))],
    given: Annotated[PutTranscript, Depends(Given(PutTranscript, MOST_BYTES))],
) -> Response:
    """Put what is said in content to it, in place of what was there, and look for its skills anew. The file is read in
    a process of its own, within the limits of `ascertain content transcript put`; a body may have 2 MiB."""

    def work() -> Done:
        app = caller.app
        with caller.reading() as uow:  # nobody who may not is worth a process
            demand(uow, caller.who, caller.action)
        read = read_transcript(_body(given), given.name)
        with caller.writing() as uow:
            made = attach(uow, caller.who, content, read, app.clock)
            uow.commit()
        app.tag(only={content})
        with caller.reading() as uow:
            tags = uow.contents.suggestions(app.tagger).get(content, ())
        shown = {
            "content": content,
            "name": made.name,
            "passages": len(made.passages),
            "characters": made.characters,
            "seconds": made.seconds,
            "left_out": made.left_out,
            "unread": made.unread,
            "tags": len(tags),
        }
        return Done(TranscriptKept, shown, None)

    return once(caller, given, work)


def _body(given: PutTranscript) -> bytes:
    if bool(given.text) is bool(given.base64):
        raise InputError("send either text or base64", field="text", remedy="one of the two")
    if given.text:
        return given.text.encode()
    try:
        return base64.b64decode(given.base64, validate=True)
    except binascii.Error as e:
        raise InputError(f"is not base64: {e}", field="base64", remedy="send the file's bytes as base64") from None
