"""What an agent may touch: thin, read-only tools over the desk of one run.

:mod:`tools.desk` holds the case and what has been checked so far; each tool reads from it and hands the agent an
envelope of data (:mod:`tools.envelope`). No tool writes, and none can name another person.
"""
