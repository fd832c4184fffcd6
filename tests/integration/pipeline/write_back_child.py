"""Works on one write-back run in a process of its own: python -m … DATABASE URL RUN [AT before|after]."""

from __future__ import annotations

import sys

from ascertain.pipeline.write_back_push import push
from ascertain.store import open_store
from tests.integration.pipeline.world import KEY
from tests.integration.pipeline.writing import Dying, docebo, home


def main(database: str, url: str, run: str, at: str = "0", when: str = "") -> None:
    """Says a line for each row that is done, so that the parent knows when to kill."""
    store = open_store(database, pseudonym=KEY.pseudonym, checkpoint_file=None)
    connector = docebo(url, kind=Dying)
    connector.at, connector.after = int(at), when == "after"
    report = push(home(store, connector), run, progress=lambda row: print(row.state.value, flush=True))
    print("finished" if report.finished else f"open {report.problems}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
