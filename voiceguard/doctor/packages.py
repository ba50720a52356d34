"""Python and the packages that VoiceGuard stands on."""

from __future__ import annotations

import sys
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from voiceguard import __version__
from voiceguard.doctor.finding import Check, Verdict

_OLDEST = (3, 11)

#: Package as pip calls it → module as Python calls it.
_PACKAGES = {
    "numpy": "numpy", "torch": "torch", "openai-whisper": "whisper", "silero-vad": "silero_vad",
    "soundfile": "soundfile", "av": "av", "librosa": "librosa", "soxr": "soxr",
    "OpenCC": "opencc", "pypinyin": "pypinyin", "google-re2": "re2", "rapidfuzz": "rapidfuzz",
    "pydantic": "pydantic", "pydantic-settings": "pydantic_settings", "PyYAML": "yaml",
    "typer": "typer", "rich": "rich", "Jinja2": "jinja2", "openpyxl": "openpyxl",
}  # fmt: skip


def checks() -> tuple[Check, ...]:
    """One for Python, one for each package. Nothing is imported: the other checks do that."""
    return (
        Check("packages", "python", "install Python 3.11 or newer", _python),
        *(
            Check("packages", package, f"pip install {package}",
                  partial(_package, package, module))
            for package, module in _PACKAGES.items()
        ),
    )  # fmt: skip


def _python() -> Verdict:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _OLDEST:
        return Verdict("missing", f"Python {found} is too old for VoiceGuard {__version__}")
    return Verdict("ok", f"{found}, VoiceGuard {__version__}")


def _package(package: str, module: str) -> Verdict:
    if find_spec(module) is None:
        return Verdict("missing", "not installed")
    try:
        return Verdict("ok", version(package))
    except PackageNotFoundError:  # the same module from a package of another name
        return Verdict("ok", "installed, version not known")
