"""Names for output files: readable, safe on every system, and never the same twice."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import PurePath

MAX_BYTES = 150  # of a stem in UTF-8; leaves room for suffixes and for deep folders on Windows
_SUFFIX = re.compile(r"\.(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,5}$")  # .wav and .mp3, but not 2024.05
_UNSAFE = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(?i:con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)")
_SUFFIX_LIKE = re.compile(r"(?i)\.labels$")  # stem "x.labels" as txt would be "x" as audacity


def name_outputs(
    inputs: Sequence[str | os.PathLike[str]], *, taken: Iterable[str] = ()
) -> tuple[str, ...]:
    """One stem for each input (a path or a call id), in order, all different.

    A name alone where it is the only one (``call``), with its folders below the common one where
    it is not (``monday-call``), then with its suffix (``call.mp3``), then with a number
    (``call-2``). Different means: also to systems that ignore case and Unicode form. The same list
    always gives the same names.

    Args:
        inputs: nothing is opened, they need not exist.
        taken: stems that are in use already.
    """
    paths = [_absolute(item) for item in inputs]
    root = _common_root(paths)
    plain = [safe_stem(_SUFFIX.sub("", path.name)) for path in paths]
    often = Counter(map(_key, plain))
    used = {_key(name) for name in taken}
    names = []
    for path, name in zip(paths, plain, strict=True):
        candidates = _candidates(path, root, name, alone=often[_key(name)] == 1)
        chosen = next(stem for stem in candidates if _key(stem) not in used)
        used.add(_key(chosen))
        names.append(chosen)
    return tuple(names)


def safe_stem(text: str) -> str:
    """``text`` as a file name without its suffix: no separators, control or direction characters,
    no reserved names, at most ``MAX_BYTES``."""
    clean = unicodedata.normalize("NFC", _UNSAFE.sub("_", text))
    # Category C: control, direction and surrogate characters; Z: every space but the plain one.
    clean = "".join(c if c == " " or unicodedata.category(c)[0] not in "CZ" else "_" for c in clean)
    clean = clean.strip(" .").lstrip("-~ .") or "call"
    clean = _SUFFIX_LIKE.sub("_labels", clean)
    if _RESERVED.match(clean):
        clean = f"_{clean}"
    return _shortened(clean, text)


def _candidates(path: PurePath, root: int, name: str, *, alone: bool) -> Iterator[str]:
    if alone:
        yield name
    folders = "-".join(path.parts[root:-1])
    prefix = f"{folders}-" if folders else ""
    yield safe_stem(prefix + _SUFFIX.sub("", path.name))
    full = safe_stem(prefix + path.name)
    yield full
    for number in count(2):
        yield _shortened(f"{full}-{number}", f"{full}-{number}")


def _absolute(item: str | os.PathLike[str]) -> PurePath:
    # A NUL can't be in a real path, but may be in a call id.
    return PurePath(os.path.abspath(os.fspath(item).replace("\0", "_")))


def _common_root(paths: Sequence[PurePath]) -> int:
    """How many leading parts all parent folders share."""
    parents = [path.parts[:-1] for path in paths]
    shared = 0
    for parts in zip(*parents, strict=False):
        if len(set(parts)) > 1:
            break
        shared += 1
    return shared


def _key(stem: str) -> str:
    """What a file system that ignores case and Unicode form compares."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", stem).casefold())


def _shortened(stem: str, original: str) -> str:
    """``stem`` cut to ``MAX_BYTES``; what is cut off is kept apart by a hash of ``original``."""
    data = stem.encode("utf-8")
    if len(data) <= MAX_BYTES:
        return stem
    mark = hashlib.sha256(original.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    head = data[: MAX_BYTES - len(mark) - 1].decode("utf-8", "ignore").rstrip(" .")
    return f"{head}-{mark}"
