"""One file over https: resumed, checked, and never seen half done under its own name."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from voiceguard.errors import ModelError, ModelMissingError

#: Bytes there, and bytes in all (None where the server does not say).
Progress = Callable[[int, int | None], None]

#: Ends the name of a file that is not whole yet.
PART = ".part"
RETRIES = 3
_BLOCK = 1 << 18
_POLL_S = 0.2
#: Answers that may be another a moment later.
_PASSING = frozenset({408, 425, 429})
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class Parcel:
    """What to fetch.

    Attributes:
        sha256: of the whole file, hexadecimal.
        target: where it goes; its folder is made where it is not there.
        about: bytes, about, to see whether there is room; 0 where not known.
        by_hand: a hint for people who can't download here.
    """

    url: str
    sha256: str
    target: Path
    about: int
    by_hand: str

    @property
    def part(self) -> Path:
        """Where it grows."""
        return self.target.with_name(self.target.name + PART)


class _PassingError(Exception):
    """The transfer stopped in a way that may not happen again."""


def matches(path: Path, sha256: str) -> bool:
    """Whether ``path`` is a file with this checksum."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256.lower()
    except OSError:
        return False


def fetch(
    parcel: Parcel, on_progress: Progress | None = None, *, timeout: float = 30.0,
    pause: float = 1.0,
) -> Path:
    """Download ``parcel``, going on where an earlier download of it stopped.

    Args:
        timeout: of a connection that says nothing, in seconds.
        pause: before the first retry, in seconds; doubles with each. Only tries in a row that
            bring nothing new are counted.

    Raises:
        ModelMissingError: it can't be had (no network, no such file).
        ModelError: the checksum is wrong, or the folder has no room or can't be written.
    """
    report = on_progress or _silent
    folder = parcel.target.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _held(parcel.part, report):
            # Another process may have brought it while we waited.
            if matches(parcel.target, parcel.sha256):
                parcel.part.unlink(missing_ok=True)
                return parcel.target
            try:
                _complete(parcel, report, timeout, pause)
            finally:
                _drop_empty(parcel.part)
            parcel.part.replace(parcel.target)
            _sync_folder(folder)
            return parcel.target
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ModelError(
            f"can't write {parcel.target} ({reason})", "choose another folder with --model-dir"
        ) from error


@contextlib.contextmanager
def _held(part: Path, report: Progress) -> Iterator[None]:
    """Make ``part`` where it is not there and keep other processes from it.

    The lock is on the file itself and goes with the process, so nothing is left behind. Whoever
    waited finds the file renamed or removed, and looks again.
    """
    try:
        import fcntl
    except ImportError:  # Windows: two at once spoil the part, and the checksum finds it
        part.touch()
        yield
        return
    while True:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    report(os.fstat(handle).st_size, None)
                    time.sleep(_POLL_S)
                except OSError:
                    break  # a file system without locks
            if _same(handle, part):
                yield
                return
        finally:
            os.close(handle)


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _complete(parcel: Parcel, report: Progress, timeout: float, pause: float) -> None:
    """Bring the part to its full length and check it; from the start if what was there is bad."""
    resumed = parcel.part.stat().st_size > 0
    _transfer(parcel, report, timeout, pause)
    if matches(parcel.part, parcel.sha256):
        return
    if resumed:
        os.truncate(parcel.part, 0)
        _transfer(parcel, report, timeout, pause)
        if matches(parcel.part, parcel.sha256):
            return
    parcel.part.unlink()
    raise ModelError(
        f"the checksum of {parcel.target.name} is wrong after the download, it was thrown away",
        f"a proxy may have sent something else; try again later, or {parcel.by_hand}",
    )


def _transfer(parcel: Parcel, report: Progress, timeout: float, pause: float) -> None:
    failures, best = 0, parcel.part.stat().st_size
    while True:
        try:
            _receive(parcel, report, timeout)
            return
        except _PassingError as trouble:
            size = parcel.part.stat().st_size
            failures = 1 if size > best else failures + 1
            best = max(best, size)
            if failures > RETRIES:
                raise ModelMissingError(
                    f"{parcel.target.name} can't be downloaded ({trouble})",
                    f"check the network and its proxy (HTTPS_PROXY) and pull again, it goes on "
                    f"where it stopped; {parcel.by_hand}",
                ) from trouble.__cause__
            time.sleep(pause * 2 ** (failures - 1))


def _receive(parcel: Parcel, report: Progress, timeout: float) -> None:
    """One request: what is missing of the part, or all where the server can't do that."""
    have = parcel.part.stat().st_size
    _check_room(parcel, parcel.about - have)
    answer = _ask(parcel, have, timeout)
    if answer is None:
        return  # nothing after what we have: the checksum tells whether it is all
    with answer:
        start, total = _position(answer, have)
        if start > have:
            os.truncate(parcel.part, 0)
            raise _PassingError("the server sent another part of the file than was asked for")
        if total is not None:
            _check_room(parcel, total - have)
        done = start
        with parcel.part.open("r+b") as file:
            file.truncate(start)
            file.seek(start)
            report(done, total)
            try:
                while block := _read(answer):
                    file.write(block)
                    done += len(block)
                    report(done, total)
            finally:
                file.flush()
                os.fsync(file.fileno())
    if total is not None and done < total:
        raise _PassingError("the connection ended early")


def _ask(parcel: Parcel, have: int, timeout: float) -> HTTPResponse | None:
    """The server's answer; None where it has nothing after the first ``have`` bytes."""
    import ssl
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    headers = {"User-Agent": "voiceguard", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        answer: HTTPResponse = urlopen(Request(parcel.url, headers=headers), timeout=timeout)
        return answer
    except HTTPError as error:
        error.close()
        if error.code == 416 and have:
            return None
        if error.code in _PASSING or error.code >= 500:
            raise _PassingError(f"the server answers {error.code}") from error
        raise ModelMissingError(
            f"{parcel.target.name} can't be downloaded (the server answers {error.code})",
            f"a proxy may forbid it; {parcel.by_hand}",
        ) from error
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise ModelMissingError(
                f"{parcel.target.name} can't be downloaded (the server's certificate is not "
                "trusted)",
                f"where a company's proxy reads along, set SSL_CERT_FILE to its root certificate; "
                f"{parcel.by_hand}",
            ) from error
        raise _PassingError(_reason(error.reason)) from error
    except (OSError, HTTPException) as error:
        raise _PassingError(_reason(error)) from error


def _read(answer: HTTPResponse) -> bytes:
    try:
        return answer.read(_BLOCK)
    except (OSError, HTTPException) as error:
        raise _PassingError(_reason(error)) from error


def _position(answer: HTTPResponse, have: int) -> tuple[int, int | None]:
    """Where the body begins in the file, and the file's length, in bytes."""
    length = answer.headers.get("Content-Length", "")
    rest = int(length) if length.isdigit() else None
    if answer.status != 206:
        return 0, rest
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
    start = int(found[1]) if found else have
    if found and found[2] != "*":
        return start, int(found[2])
    return start, None if rest is None else start + rest


def _check_room(parcel: Parcel, needed: int) -> None:
    free = shutil.disk_usage(parcel.target.parent).free
    if needed > free:
        raise ModelError(
            f"no room for {parcel.target.name} in {parcel.target.parent}: {needed // 1_000_000} MB "
            f"are needed, {free // 1_000_000} MB are free",
            "make room, or choose another folder with --model-dir",
        )


def _drop_empty(part: Path) -> None:
    with contextlib.suppress(OSError):
        if part.stat().st_size == 0:
            part.unlink()


def _sync_folder(folder: Path) -> None:
    """Have the new name written to the disk, where the system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _silent(done: int, total: int | None) -> None:
    """Where nobody wants to know."""


def _reason(error: object) -> str:
    """What went wrong, in a few words."""
    if isinstance(error, TimeoutError):
        return "the server does not answer"
    text = getattr(error, "strerror", None) or type(error).__name__
    return str(text).lower()
