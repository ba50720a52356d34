"""The wording of every notice about a transcript, in one place; the codes are stable.

None of them repeats what was said or who said it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from voiceguard.domain import Notice

_MOST_KEYS = 12


def counted(*cases: tuple[Callable[[int], Notice], int]) -> Iterator[Notice]:
    """The notices whose count is not 0."""
    return (notice(count) for notice, count in cases if count)


def unknown_keys(keys: Sequence[str]) -> Notice:
    """Keys that nobody reads; told once a file."""
    names = ", ".join(keys[:_MOST_KEYS])
    more = f" and {len(keys) - _MOST_KEYS} more" if len(keys) > _MOST_KEYS else ""
    return Notice("unknown_keys", f"keys that are not known were ignored: {names}{more}")


def unknown_roles(count: int) -> Notice:
    """Turns whose speaker is no known role."""
    return Notice(
        "unknown_roles",
        f"the role of {_turns(count)} is not known: rules for one role only ask for listening",
    )


def end_assumed(count: int) -> Notice:
    """Turns with a start alone."""
    return Notice("end_assumed", f"{_turns(count)} had no end: taken to last until the next start")


def times_incomplete(count: int) -> Notice:
    """Turns with an end alone."""
    return Notice("times_incomplete", f"{_turns(count)} had an end but no start: not timed")


def words_differ(turn: int) -> Notice:
    """The words do not make up the text."""
    return Notice(
        "words_differ", f"the words of turn {turn} are not those of its text: ignored", turn
    )


def confidence_ignored(count: int) -> Notice:
    """A confidence on another scale."""
    return Notice("confidence_ignored", f"in {_turns(count)} a confidence is not between 0 and 1")


def metadata_ignored(count: int) -> Notice:
    """Metadata that is no single value."""
    what = "entry is not a single value" if count == 1 else "entries are not single values"
    return Notice("metadata_ignored", f"{count} metadata {what}: ignored")


def language_ignored() -> Notice:
    """No language code."""
    return Notice("language_ignored", "the language is not a two-letter code: taken as zh")


def recording_ignored(why: str) -> Notice:
    """A recording that can't be read back."""
    return Notice("recording_ignored", f"the recording's data was ignored: {why}")


def engine_ignored(why: str) -> Notice:
    """An engine that can't be read back."""
    return Notice("engine_ignored", f"the engine's data was ignored: {why}")


def damaged_text(count: int) -> Notice:
    """Bytes that were no text."""
    places = "1 place" if count == 1 else f"{count} places"
    return Notice("damaged_text", f"the text is damaged in {places}, shown as \ufffd")


def duplicate_id(number: int) -> Notice:
    """Two calls of a file with the same id."""
    return Notice("duplicate_id", f"call {number} of the file has the id of an earlier one")


def _turns(count: int) -> str:
    return "1 turn" if count == 1 else f"{count} turns"
