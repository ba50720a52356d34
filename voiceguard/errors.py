"""Every error that VoiceGuard shows to a person, in one tree.

::

    VoiceGuardError              one clear line: what is wrong, where, what to do
    ├── UsageError               wrong options or arguments                 exit 2
    ├── SettingsError            a settings file or variable is wrong       exit 2
    ├── RulesError               one or more problems in rule files         exit 2
    ├── ModelMissingError        a model is not on this machine             exit 3
    ├── ModelError               a model file is there but unusable         exit 3
    └── InputError               one input failed, the others go on         exit 1
        ├── AudioError           a recording can't be opened or decoded
        ├── TranscriptError      a transcript or report can't be read
        └── OutputError          a result can't be written

Adapters map foreign exceptions into this tree; no other exception may reach a shell.
No message holds spoken text, a phone number or a person's name.
"""

from __future__ import annotations

from dataclasses import dataclass


class VoiceGuardError(Exception):
    """Root of the tree. ``str(error)`` is one line fit for a terminal.

    Args:
        problem: what is wrong, with the place (file, line) where known.
        hint: what the user can do about it.
    """

    exit_code = 1

    def __init__(self, problem: str, hint: str = "") -> None:
        self.problem = " ".join(problem.split())
        self.hint = " ".join(hint.split())
        super().__init__(f"{self.problem}: {self.hint}" if self.hint else self.problem)


class UsageError(VoiceGuardError):
    """Wrong options or arguments."""

    exit_code = 2


class SettingsError(VoiceGuardError):
    """A settings file or environment variable is wrong."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file: where it is and what to do.

    Attributes:
        file: path as the user knows it.
        line: 1-based line, None where the file as a whole is meant.
        message: one sentence.
    """

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line is not None else self.file
        return f"{place}: {self.message}"


class RulesError(VoiceGuardError):
    """Problems in rule files, all of them at once, each with file and line."""

    exit_code = 2

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        count = len(problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the rule files")


class ModelMissingError(VoiceGuardError):
    """A model is not on this machine."""

    exit_code = 3


class ModelError(VoiceGuardError):
    """A model file is there but can't be used (damaged, of another format)."""

    exit_code = 3


class InputError(VoiceGuardError):
    """One input failed; the other inputs of the command are still done."""

    exit_code = 1


class AudioError(InputError):
    """A recording can't be opened or decoded."""


class TranscriptError(InputError):
    """A transcript, report or metadata file can't be read."""


class OutputError(InputError):
    """A result can't be written."""
