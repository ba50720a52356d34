"""Opening a file as bytes, safely: only regular files, and only that one file.

Decoders get a :class:`View`, a Python file object, and never a path. So no library can follow a
reference to another file, open a network protocol or wait on a named pipe.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from typing import Protocol

from voiceguard.errors import AudioError


class _Buffer(Protocol):
    def __len__(self) -> int: ...
    def __setitem__(self, index: slice, value: bytes, /) -> None: ...


class View(io.RawIOBase):
    """Read-only window on an open file: ``front`` first, then ``length`` bytes from ``offset``.

    ``front`` can stand for a repaired header. A read error ends the data there and is kept in
    ``error``: exceptions can't travel through the C libraries that call this.
    """

    def __init__(self, file: io.FileIO, offset: int, length: int, front: bytes = b"") -> None:
        super().__init__()
        self._file = file
        self._offset = offset
        self._front = front
        self._at = 0
        self.size = len(front) + length
        self.error: OSError | None = None

    def window(self, offset: int, length: int, front: bytes = b"") -> View:
        """Another window on the same file; ``offset`` counts in this one, which has no front."""
        return View(self._file, self._offset + offset, length, front)

    def readable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """Never."""
        return False

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Position in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; positions before the start become 0, as C callers don't expect an exception."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes from the position, b"" at the end."""
        left = max(0, self.size - self._at)
        size = left if size < 0 else min(size, left)
        if size == 0:
            return b""
        ahead = self._front[self._at : self._at + size]
        data = ahead + self._body(self._at + len(ahead), size - len(ahead))
        self._at += len(data)
        return data

    def readinto(self, buffer: _Buffer, /) -> int:  # type: ignore[override]
        """Fill ``buffer`` as far as there is data; the number of bytes."""
        data = self.read(len(buffer))
        buffer[0 : len(data)] = data
        return len(data)

    def at(self, position: int, size: int) -> bytes:
        """Up to ``size`` bytes at ``position``, without moving."""
        here, self._at = self._at, position
        data = self.read(size)
        self._at = here
        return data

    def _body(self, at: int, size: int) -> bytes:
        pieces = []
        try:
            self._file.seek(self._offset + at - len(self._front))
            while size > 0 and (piece := self._file.read(size)):
                pieces.append(piece)
                size -= len(piece)
        except OSError as error:
            self.error = error
        return b"".join(pieces)

    def sha256(self) -> str:
        """Of all bytes, lower-case hex."""
        digest = hashlib.sha256()
        position = 0
        while piece := self.at(position, 1 << 20):
            digest.update(piece)
            position += len(piece)
        return digest.hexdigest()


def open_view(path: str) -> tuple[io.FileIO, View]:
    """The file at ``path`` and a view of all of it; the caller closes the file.

    Raises:
        AudioError: missing, no permission, a directory, a device or pipe, empty.
    """
    # Without O_NONBLOCK opening a named pipe waits for a writer, for ever if there is none.
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        raise AudioError(f"{path}: no such file") from None
    except PermissionError:
        raise AudioError(
            f"{path}: no permission to read it", "or it is a directory" if os.name == "nt" else ""
        ) from None
    except OSError as error:
        raise AudioError(f"{path}: can't be opened: {error.strerror or 'input error'}") from None
    except ValueError:  # a NUL or an unencodable character in the name
        raise AudioError(f"{path!r}: not a possible file name") from None
    status = os.fstat(handle)
    problem = ""
    if stat.S_ISDIR(status.st_mode):
        problem = "is a directory, not a recording"
    elif not stat.S_ISREG(status.st_mode):
        problem = "is not a regular file (a pipe or device)"
    elif status.st_size == 0:
        problem = "is empty (0 bytes)"
    if problem:
        os.close(handle)
        raise AudioError(f"{path}: {problem}")
    file = io.FileIO(handle, "rb")
    # The size is taken once: of a file that still grows, hash and samples cover the same bytes.
    return file, View(file, 0, status.st_size)
