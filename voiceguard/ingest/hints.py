"""``--hints FILE``: terms that the recogniser is told beforehand."""

from __future__ import annotations

import re
from pathlib import Path

from voiceguard.errors import TranscriptError, UsageError
from voiceguard.ingest import raw

MAX_TERMS, MAX_LENGTH = 200, 20
_COMMENT = re.compile(r"(^|\s)#.*$")


def read_hints(path: Path) -> tuple[str, ...]:
    """The terms of a file, one a line, each once, in order; ``#`` begins a comment.

    Raises:
        UsageError: can't be read, a term is longer than 20 characters, or more than 200 terms.
    """
    file = raw.shown(path)
    try:
        text, damaged = raw.decode(raw.read_file(path, 1 << 20), file)
    except TranscriptError as error:
        raise UsageError(error.problem, error.hint) from None
    if damaged:
        raise UsageError(f"{file}: the text is damaged", "save it as UTF-8")
    terms: dict[str, None] = {}
    for number, row in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        term = " ".join(_COMMENT.sub("", row).split())
        if len(term) > MAX_LENGTH:
            raise UsageError(
                f"{file}:{number}: the term has {len(term)} characters", f"{MAX_LENGTH} at most"
            )
        if term:
            terms[term] = None
    if len(terms) > MAX_TERMS:
        raise UsageError(f"{file}: there are {len(terms)} terms", f"{MAX_TERMS} at most")
    return tuple(terms)
