"""What a check is, and what it finds."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from voiceguard.errors import VoiceGuardError

#: ``ok``: works; ``limited``: VoiceGuard works, but less well or without this; ``missing``: broken.
State = Literal["ok", "limited", "missing"]

_LONGEST = 240


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        area: group of checks: ``packages``, ``audio``, ``speech``, ``models``, ``machine`` …
        name: unique within its area.
        detail: one line: what was seen, or what went wrong.
        remedy: one line: what to do; empty where all is well, and only there.
    """

    area: str
    name: str
    ok: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of itself; an empty ``remedy`` stands for the check's own."""

    ok: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Something to try.

    Attributes:
        remedy: what to do where the try fails with an exception.
        run: tries; may raise anything.
    """

    area: str
    name: str
    remedy: str
    run: Callable[[], Verdict]

    def find(self) -> Finding:
        """Try it. Whatever goes wrong is the finding; only an interrupt by the user gets out.

        Warnings are no failure, even where they are made errors, and are not shown.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                verdict = self.run()
        except VoiceGuardError as error:
            verdict = Verdict("missing", error.problem, error.hint)
        except (Exception, SystemExit) as error:
            verdict = Verdict("missing", reason(error))
        remedy = "" if verdict.ok == "ok" else verdict.remedy or self.remedy
        return Finding(self.area, self.name, verdict.ok, one_line(verdict.detail), one_line(remedy))


def reason(error: BaseException) -> str:
    """An exception in a line."""
    text = next((line for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def one_line(text: str) -> str:
    """``text`` without line ends, and not longer than a person reads."""
    joined = " ".join(text.split())
    return joined if len(joined) <= _LONGEST else f"{joined[: _LONGEST - 1]}…"
