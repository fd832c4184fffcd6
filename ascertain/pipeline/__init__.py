"""Use cases over ports: ingest, tag, build a case, assess, review, explain, replay, sweep."""
