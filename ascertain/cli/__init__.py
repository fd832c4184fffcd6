"""The command line. Every command imports what it needs when it runs, so that ``--help`` is instant.

Exit codes: 0 done · 1 something failed · 2 a setting or option is wrong · 3 bad input · 4 not found · 5 conflict ·
6 an outside system failed · 7 a run failed · 8 audit or replay do not agree · 9 not permitted · 130 interrupted.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ascertain import __version__
from ascertain.cli import (
    access,
    assignment,
    calibration,
    catalogue,
    connector,
    consent,
    content,
    demo,
    dispute,
    evaluate,
    fairness,
    keys,
    master_key,
    match,
    mentor,
    notice,
    notify,
    onboard,
    opening,
    path,
    people,
    permissions,
    person_requests,
    queue,
    readiness,
    rehearse,
    retain,
    review_watch,
    roles,
    rollout,
    serve,
    stop,
    succession,
    taxonomy,
    trust,
    what_if,
    work,
    writeback,
)
from ascertain.cli.output import nothing_hidden
from ascertain.errors import AscertainError
from ascertain.logs import Form, set_up

app = typer.Typer(
    name="ascertain",
    help=(
        "Skills intelligence beside your LMS: every number explained, replayed, disputed and erased.\n\n"
        "Start with `ascertain demo`. Then, with your own systems in config/connectors.yaml: "
        "`sync`, `sweep --cohort all`, `review list`, `profile ID`.\n\n"
        "Every command that prints data takes --json. Exit codes: 0 done, 1 failed, 2 wrong setting or option, "
        "3 bad input, 4 not found, 5 conflict, 6 outside system failed, 7 run failed, 8 audit or replay disagree, "
        "9 not permitted."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("demo", short_help="see the whole walk on a demonstration company", rich_help_panel="See it")(demo.demo)
app.command("sandbox", short_help="serve the demonstration company over HTTP", rich_help_panel="See it")(demo.sandbox)
app.command("doctor", short_help="find the usual mistakes, with remedies", rich_help_panel="See it")(demo.doctor)
app.command("sync", short_help="pull what changed from LMS, HRIS, tracker", rich_help_panel="Run it")(work.sync)
app.command("assess", short_help="assess one learner or a cohort now", rich_help_panel="Run it")(work.assess)
app.command("sweep", short_help="assess those whose case has changed", rich_help_panel="Run it")(work.sweep)
app.command("rehearse", short_help="try another brain, policy or prompts", rich_help_panel="Run it")(rehearse.rehearse)
app.command("evaluate", short_help="how well a brain reads labelled records", rich_help_panel="Run it")(
    evaluate.evaluate
)
app.command("worker", short_help="work on the queue", rich_help_panel="Run it")(work.worker)
app.add_typer(queue.app, name="queue", rich_help_panel="Run it")
app.command("schedule", short_help="enqueue sweeps when they are due", rich_help_panel="Run it")(work.schedule)
app.command("stop", short_help="stop everything that works by itself", rich_help_panel="Run it")(stop.stop)
app.command("resume", short_help="let it go on", rich_help_panel="Run it")(stop.resume)
app.command("serve", short_help="take webhooks and answer the API", rich_help_panel="Run it")(serve.serve)
app.add_typer(serve.webhooks, name="webhooks", rich_help_panel="Run it")
app.add_typer(keys.app, name="key", rich_help_panel="Run it")
app.add_typer(master_key.app, name="master-key", rich_help_panel="Run it")
app.command("profile", short_help="a learner's skills and their evidence", rich_help_panel="Read it")(people.profile)
app.command("gaps", short_help="gaps of a learner, heat map of a cohort", rich_help_panel="Read it")(people.gaps)
app.add_typer(what_if.app, name="what-if", rich_help_panel="Read it")
app.add_typer(path.app, name="path", rich_help_panel="Read it")
app.command("report", short_help="write the HTML report", rich_help_panel="Read it")(people.report)
app.command("explain", short_help="the receipt of a number", rich_help_panel="Trust it")(trust.explain)
app.command("replay", short_help="rebuild a number from its evidence", rich_help_panel="Trust it")(trust.replay)
app.add_typer(review_watch.review, name="review", rich_help_panel="Trust it")
app.add_typer(dispute.app, name="dispute", rich_help_panel="Trust it")
app.add_typer(calibration.app, name="calibration", rich_help_panel="Trust it")
app.add_typer(fairness.app, name="fairness", rich_help_panel="Trust it")
app.add_typer(writeback.app, name="writeback", rich_help_panel="Run it")
app.add_typer(notify.app, name="notify", rich_help_panel="Run it")
app.add_typer(rollout.app, name="rollout", rich_help_panel="Run it")
app.add_typer(assignment.app, name="assignment", rich_help_panel="Run it")
app.add_typer(onboard.app, name="onboard", rich_help_panel="Run it")
app.add_typer(person_requests.app, name="person", rich_help_panel="Trust it")
app.add_typer(retain.app, name="retain", rich_help_panel="Trust it")
app.add_typer(access.app, name="access", rich_help_panel="Trust it")
app.add_typer(consent.app, name="consent", rich_help_panel="Trust it")
app.add_typer(notice.app, name="notice", rich_help_panel="Trust it")
app.add_typer(trust.audit, name="audit", rich_help_panel="Trust it")
app.add_typer(taxonomy.app, name="taxonomy", rich_help_panel="Feed it")
app.command("map", short_help="which skills a text shows", rich_help_panel="Feed it")(taxonomy.map_text)
app.add_typer(connector.app, name="connector", rich_help_panel="Feed it")
app.add_typer(roles.app, name="roles", rich_help_panel="Feed it")
app.add_typer(catalogue.app, name="catalogue", rich_help_panel="Feed it")
app.add_typer(content.app, name="content", rich_help_panel="Feed it")
app.add_typer(opening.app, name="opening", rich_help_panel="Feed it")
app.add_typer(match.app, name="match", rich_help_panel="Read it")
app.add_typer(succession.app, name="succession", rich_help_panel="Read it")
app.add_typer(readiness.app, name="readiness", rich_help_panel="Read it")
app.add_typer(mentor.app, name="mentor", rich_help_panel="Read it")
permissions.enforce(app)


def _version(value: bool) -> None:
    if value:
        print(f"ascertain {__version__}")
        raise typer.Exit


@app.callback()
def options(
    home: Annotated[
        Path | None, typer.Option(help="Folder of all local state (else ASCERTAIN_HOME, else .ascertain).")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of every command."""
    if home is not None:
        os.environ["ASCERTAIN_HOME"] = str(home)


def main() -> None:
    """Run the command line; errors made on purpose are shown without a traceback, with their remedy and exit code."""
    with nothing_hidden():
        _main()


def _main() -> None:
    level = os.environ.get("ASCERTAIN_LOG_LEVEL", "")
    known = level in logging.getLevelNamesMapping()  # a wrong one is named when the settings are read
    form: Form = "json" if os.environ.get("ASCERTAIN_LOG_FORMAT") == "json" else "text"
    set_up(level if known else "WARNING", form)
    try:
        app(prog_name="ascertain")
    except AscertainError as e:
        raise SystemExit(_tell(e)) from None
    except SystemExit as e:
        # The reader of our output has gone (`| head`), for which Typer gives 1: it is no error.
        if isinstance(e.__context__, BrokenPipeError):
            raise SystemExit(0) from None
        raise
    except KeyboardInterrupt:
        print("ascertain: interrupted", file=sys.stderr)
        raise SystemExit(130) from None
    except Exception as e:
        trouble = _database_trouble(e)
        if trouble is None:
            raise
        raise SystemExit(_tell(trouble)) from None


def _tell(e: AscertainError) -> int:
    if "--json" in sys.argv:
        print(json.dumps({"error": type(e).__name__, "message": e.message, "remedy": e.remedy}), file=sys.stderr)
    else:
        print(f"ascertain: {e}", file=sys.stderr)
    return e.exit_code


def _database_trouble(e: Exception) -> AscertainError | None:
    """What the database's driver reports at any point: it is away, is locked, is full, is no database."""
    sqlalchemy = sys.modules.get("sqlalchemy.exc")  # not imported for this: where it is not loaded, it is not to blame
    if sqlalchemy is None or not isinstance(e, sqlalchemy.DBAPIError):
        return None
    return AscertainError(
        f"the database: {e.orig}", remedy="see ASCERTAIN_DATABASE_URL and the disk; what was committed before is kept"
    )
