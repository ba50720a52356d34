"""The command line: parse, call, render. No rule logic, no SQL."""

from voiceguard.cli.app import main

__all__ = ["main"]
