"""What may be shown of why a job failed."""

from __future__ import annotations

import pytest

from ascertain.jobs.dead import reason_of


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("ascertain.errors.NotFoundError: there is no learner L9", "NotFoundError: there is no learner L9"),
        ("ascertain.jobs.worker.JobHardTimeout: Task exceeded", "JobHardTimeout: Task exceeded"),
        ("ValueError: cannot read the review of Ann Smith", "ValueError"),
        ("psycopg.errors.DiskFull: could not extend file for Ann", "DiskFull"),
        ("Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); ", None),
        ("The worker died while it ran this job, and no try is left.", None),
        ("", "unknown"),
        ("Ann Smith said: so", "unknown"),
    ],
)
def test_the_words_of_others_are_kept_back(error: str, shown: str | None) -> None:
    assert reason_of(error) == (error.rstrip("; ") if shown is None else shown)
