#!/usr/bin/env python
"""Door: `python main.py …` is the same as `ascertain …`."""

from ascertain.cli import main

if __name__ == "__main__":
    main()
