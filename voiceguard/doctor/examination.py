"""All checks, in the order in which a person should mend things."""

from __future__ import annotations

from pathlib import Path

from voiceguard.doctor import formats, language, machine, packages, recognition
from voiceguard.doctor.finding import Check, Finding


def checks(model_dir: Path | None = None, rules: Path | None = None) -> tuple[Check, ...]:
    """Everything that :func:`examine` tries; for shells that show progress.

    Args:
        model_dir: folder of models, the default one where None.
        rules: folder of rule libraries, the shipped ones where None.
    """
    return (
        *packages.checks(),
        *formats.checks(),
        *recognition.checks(model_dir),
        *language.checks(rules),
        *machine.checks(model_dir),
    )


def examine(model_dir: Path | None = None, rules: Path | None = None) -> tuple[Finding, ...]:
    """Try every part of VoiceGuard on this machine. Takes seconds, uses no network, never raises.

    Args:
        model_dir: folder of models, the default one where None.
        rules: folder of rule libraries, the shipped ones where None.

    Returns:
        One finding a check, the same checks in the same order on every machine.
    """
    return tuple(check.find() for check in checks(model_dir, rules))
