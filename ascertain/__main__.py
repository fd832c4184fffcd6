"""`python -m ascertain` is the same as `ascertain`."""

from ascertain.cli import main

main()
