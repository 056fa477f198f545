"""What the package's commands have in common: complaints of one sentence, and output that odd names cannot break.

Taught in chapter 00, section "From a terminal".
"""

import argparse
import sys

__all__ = ["Parser", "UsageError", "forgive_odd_names"]


class UsageError(Exception):
    """The command cannot be carried out as it was given."""


class Parser(argparse.ArgumentParser):
    """argparse's, with one sentence instead of its usage and exit."""

    def error(self, message):
        raise UsageError(message)


def forgive_odd_names():
    """Let what a terminal cannot show be written as escapes: a name or a sharp sign must not end in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
