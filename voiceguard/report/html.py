"""The report a supervisor is sent: one html file with everything in it, nothing fetched.

Whatever a caller said is text, never markup: jinja2 escapes it, the data for the script escapes
what could end its element, and a Content-Security-Policy allows only the one script and the one
style sheet whose hashes it names.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, BinaryIO

from voiceguard.domain import SEVERITIES, Flag, Turn
from voiceguard.report import wording
from voiceguard.report.document import all_notices, one_line, ordered_flags, report_document
from voiceguard.report.drawing import Piece, marked, timeline
from voiceguard.report.exporter import Audio, Exhibit, only

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

LEAD_MS = 2000  # playing a flag starts this much earlier, to hear what led to it
_DATA_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&"}


class HtmlExporter:
    """A page that plays, filters and prints, and that works without sound or script."""

    name = "html"
    suffix = ".html"
    gathers = False

    def write(self, exhibits: Iterable[Exhibit], out: BinaryIO) -> None:
        """See ``Exporter``."""
        out.write(render(only(exhibits, self.name)).encode("utf-8", "backslashreplace"))


@dataclass(frozen=True, slots=True)
class ShownFlag:
    """A flag with its number, titles and the places it leads to; times in seconds."""

    number: int
    flag: Flag
    category: wording.Pair
    anchor: int | None
    play: float | None


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """A turn cut into pieces; ``flags`` are the flags that start here, for the margin."""

    turn: Turn
    pieces: tuple[Piece, ...]
    flags: tuple[ShownFlag, ...]


def render(exhibit: Exhibit) -> str:
    """The whole page."""
    report = exhibit.report
    flags = ordered_flags(report)
    turns = {turn.index for turn in report.transcript.turns}
    shown = [_shown(exhibit, number, flag, turns) for number, flag in enumerate(flags, 1)]
    style, script = _asset("page.css"), _asset("page.js")
    context: dict[str, Any] = {
        "report": report,
        "transcript": report.transcript,
        "assessment": report.assessment,
        "metadata": wording.metadata(report),
        "flags": shown,
        "turns": [_turn(turn, shown) for turn in report.transcript.turns],
        "drawing": timeline(report, flags, exhibit.peaks),
        "categories": _counted(exhibit, flags),
        "severities": [s for s in reversed(SEVERITIES) if any(f.severity == s for f in flags)],
        "strengths": [
            (wording.pair(exhibit.titles, name), share)
            for name, share in report.assessment.categories
        ],
        "notices": all_notices(report),
        "audio": _data_uri(exhibit.audio) if exhibit.audio else "",
        "data": _embedded(one_line(report_document(report))),
        "style": style,
        "script": script,
        "policy": _policy(style, script),
        "words": wording,
    }
    return _environment().get_template("page.html.j2").render(context)


def verbatim(text: object) -> Markup:
    """``text`` so that a browser gives back the very same characters (NUL, which html can't hold,
    becomes U+FFFD)."""
    from markupsafe import Markup, escape

    # Browsers read a literal carriage return as a line feed, a reference to one as itself.
    return Markup(str(escape(text)).replace("\r", "&#13;").replace("\0", "\ufffd"))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("voiceguard.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if hasattr(value, "__html__") else verbatim(value),
    )
    environment.filters["clock"] = wording.clock
    environment.filters["short_clock"] = wording.short_clock
    return environment


@lru_cache(maxsize=4)
def _asset(name: str) -> Markup:
    from markupsafe import Markup

    return Markup(files("voiceguard.report").joinpath("page", name).read_text("utf-8"))


def _policy(style: str, script: str) -> str:
    """Nothing may load or run but this sheet, this script and the embedded sound."""
    return (
        "default-src 'none'; "
        f"script-src {_hash(script)}; style-src {_hash(style)}; media-src data:; "
        "base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _data_uri(audio: Audio) -> str:
    # Only letters that a media type can have, whoever says what the type is.
    mime = "".join(c for c in audio.mime if c.isascii() and (c.isalnum() or c in "/+-.=;"))
    return f"data:{mime};base64,{base64.b64encode(audio.data).decode('ascii')}"


def _embedded(json: str) -> Markup:
    """JSON that no html parser can leave by accident: no ``</script``, no ``<!--``."""
    from markupsafe import Markup

    return Markup(json.translate(_DATA_ESCAPES))


def _shown(exhibit: Exhibit, number: int, flag: Flag, turns: set[int]) -> ShownFlag:
    candidates = [*flag.turns, *(item.turn for item in flag.evidence), *flag.context]
    return ShownFlag(
        number=number,
        flag=flag,
        category=wording.pair(exhibit.titles, flag.category),
        anchor=next((index for index in candidates if index in turns), None),
        play=max(0, flag.span.start - LEAD_MS) / 1000 if flag.span else None,
    )


def _turn(turn: Turn, flags: Sequence[ShownFlag]) -> ShownTurn:
    spans = [
        (*item.chars, shown.number, shown.flag.severity)
        for shown in flags
        for item in shown.flag.evidence
        if item.turn == turn.index
    ]
    touching = tuple(
        shown
        for shown in flags
        if turn.index in shown.flag.turns
        or any(item.turn == turn.index for item in shown.flag.evidence)
    )
    return ShownTurn(turn, tuple(marked(turn.text, spans)), touching)


def _counted(exhibit: Exhibit, flags: Sequence[Flag]) -> list[tuple[str, wording.Pair, int]]:
    """Categories that occur: id, titles, number of flags; most first."""
    names = sorted({flag.category for flag in flags})
    counts = {name: sum(flag.category == name for flag in flags) for name in names}
    return [
        (name, wording.pair(exhibit.titles, name), counts[name])
        for name in sorted(names, key=lambda name: -counts[name])
    ]
