"""Converted models, kept in the cache.

::

    converted(Path("small.pt"), sha256)   # ~/.cache/voiceguard/ct2/<sha256>-1

A folder is found by the content of its checkpoint, appears under its name only when it is whole,
and is made anew where one of its files is not as it was written. Processes that convert the same
checkpoint at once do the work twice, and one of the two results stays.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shutil
import time
from pathlib import Path

from voiceguard.errors import ModelError
from voiceguard.transcribe.convert import convert
from voiceguard.transcribe.models import default_folder

#: Goes up when the same checkpoint would be written differently.
_REVISION = 1
#: Checksums of the other files, written last.
_MANIFEST = "voiceguard.json"
_PART = ".part"
#: Seconds after which a folder that is not whole belongs to nobody.
_STALE_S = 24 * 3600


def folder() -> Path:
    """Where converted models are kept.

    Raises:
        UsageError: there is no home folder.
    """
    return default_folder().parent / "ct2"


def converted(checkpoint: Path, sha256: str) -> Path:
    """The folder of a checkpoint in CTranslate2's format; converts where it is not there.

    Args:
        sha256: of the checkpoint's bytes.

    Raises:
        ModelError: the checkpoint is damaged or of another format, or the folder can't be written.
    """
    target = folder() / f"{sha256}-{_REVISION}"
    if is_whole(target):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        part = _beside(target)
        part.mkdir()
    except OSError as error:
        raise _unwritable(target.parent, error) from error
    try:
        convert(checkpoint, sha256, part)
        (part / _MANIFEST).write_text(json.dumps(_checksums(part), indent=2), "utf-8")
        _settle(part, target)
    except OSError as error:
        raise _unwritable(target.parent, error) from error
    finally:
        _remove(part)
    return target


def text_context(folder: Path) -> int:
    """The longest text with its prompt that a converted model can take, in tokens."""
    return int(json.loads((folder / "config.json").read_text("utf-8"))["n_text_ctx"])


def is_whole(folder: Path) -> bool:
    """Whether every file of a converted model is as it was written."""
    try:
        said = json.loads((folder / _MANIFEST).read_text("utf-8"))
        return bool(said) and said == _checksums(folder)
    except (OSError, ValueError):
        return False


def _checksums(folder: Path) -> dict[str, str]:
    out = {}
    for path in sorted(folder.iterdir()):
        if path.name != _MANIFEST:
            with path.open("rb") as file:
                out[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return out


def _settle(part: Path, target: Path) -> None:
    """Give a whole folder its name, in place of one that is not whole."""
    for _ in range(3):
        try:
            part.rename(target)
            return
        except OSError:
            if is_whole(target):
                return  # another process was faster
            if not target.exists():
                raise
            # Aside first, so that two processes that mend never remove each other's result.
            broken = _beside(target)
            with contextlib.suppress(OSError):
                target.rename(broken)
            _remove(broken)
    part.rename(target)


def _beside(target: Path) -> Path:
    """A name that nobody else uses. Not ``tempfile``: others may share the cache and read it."""
    return target.with_name(f"{target.name}-{secrets.token_hex(6)}{_PART}")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what conversions that were killed have left."""
    for path in folder.glob(f"*{_PART}"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_S:
                _remove(path)


def _unwritable(folder: Path, error: OSError) -> ModelError:
    reason = (error.strerror or type(error).__name__).lower()
    return ModelError(
        f"can't write the converted model to {folder} ({reason})",
        "set XDG_CACHE_HOME to a folder with room, or use '--engine openai-whisper'",
    )
