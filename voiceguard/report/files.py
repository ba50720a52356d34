"""Putting files on disk: whole or not at all, and never over an input."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from voiceguard.errors import OutputError, UsageError
from voiceguard.report.exporter import Exhibit, Exporter, exporter

_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space or choose another folder with -o"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or choose another folder with -o"),
    errno.EACCES: ("no permission", "choose a folder that you may write to with -o"),
    errno.EPERM: ("no permission", "choose a folder that you may write to with -o"),
    errno.EROFS: ("the disk is read-only", "choose another folder with -o"),
    errno.ENAMETOOLONG: ("the path is too long", "choose a shorter folder with -o"),
    errno.ENOTDIR: ("a part of the path is a file", "choose another folder with -o"),
    errno.EEXIST: ("a file is in the way", "choose another folder with -o"),
    errno.EISDIR: ("a folder of that name is in the way", "move it or choose another with -o"),
}


def export(
    exhibit: Exhibit,
    formats: Sequence[str],
    folder: Path,
    stem: str,
    *,
    keep: Collection[Path] = (),
) -> tuple[Path, ...]:
    """Write one call as ``folder/stem.suffix`` in each of ``formats``; the folder is made.

    A format that fails does not stop the others. ``keep`` are files never to be overwritten, such
    as the inputs of the command.

    Raises:
        UsageError: an unknown format; nothing has been written.
        OutputError: one or more of the files could not be written; none of them is half there.
    """
    writers = [exporter(name) for name in dict.fromkeys(formats)]
    return _write_each(writers, [exhibit], folder, stem, keep)


def gather(
    exhibits: Iterable[Exhibit],
    formats: Sequence[str],
    folder: Path,
    stem: str = "calls",
    *,
    keep: Collection[Path] = (),
) -> tuple[Path, ...]:
    """Write many calls into one file a format; ``exhibits`` is gone through once for each.

    Raises:
        UsageError: a format that holds one call only, or an unknown one; nothing has been written.
        OutputError: as for ``export``.
    """
    writers = [exporter(name) for name in dict.fromkeys(formats)]
    if single := [writer.name for writer in writers if not writer.gathers]:
        raise UsageError(f"one file of {', '.join(single)} can't hold several calls")
    return _write_each(writers, exhibits, folder, stem, keep)


def _write_each(
    writers: Sequence[Exporter],
    exhibits: Iterable[Exhibit],
    folder: Path,
    stem: str,
    keep: Collection[Path],
) -> tuple[Path, ...]:
    with _mapped(folder):
        folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    failed: list[OutputError] = []
    for writer in writers:
        target = folder / f"{stem}{writer.suffix}"
        try:
            with whole_file(target, keep) as out:
                writer.write(exhibits, out)
        except OutputError as error:
            failed.append(error)
        else:
            written.append(target)
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise OutputError("; ".join(error.problem for error in failed), failed[0].hint)
    return tuple(written)


@contextmanager
def whole_file(target: Path, keep: Collection[Path] = ()) -> Iterator[BinaryIO]:
    """A stream whose bytes become ``target`` when the block ends well, and vanish otherwise.

    Raises:
        OutputError: the file can't be written, or is one of ``keep``.
    """
    with _mapped(target):
        if target.exists() and any(path.exists() and path.samefile(target) for path in keep):
            raise OutputError(
                f"{target} is an input and is not overwritten", "choose another folder with -o"
            )
        # In the same folder, so that the last step is a rename and not a copy; a name of its own
        # length, so that a long target does not make the temporary name too long.
        draft = target.parent / f".{secrets.token_hex(8)}.tmp"
        try:
            # Not tempfile: its files are readable by their owner only, reports follow the umask.
            with open(draft, "xb") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            os.replace(draft, target)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise


@contextmanager
def _mapped(path: Path) -> Iterator[None]:
    """Turn an OSError about ``path`` into one clear line."""
    try:
        yield
    except OSError as error:
        reason, hint = _REASONS.get(error.errno or 0, (error.strerror or "system error", ""))
        raise OutputError(f"can't write {path}: {reason}", hint) from error
