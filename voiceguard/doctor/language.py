"""Chinese text and rules: characters, sounds, patterns, libraries."""

from __future__ import annotations

from pathlib import Path

from voiceguard.doctor.finding import Check, Verdict
from voiceguard.errors import RulesError

_REINSTALL = "pip install --force-reinstall"


def checks(rules: Path | None) -> tuple[Check, ...]:
    """Each part is given something to do whose result is known."""
    return (
        Check("text", "OpenCC", f"{_REINSTALL} OpenCC", _simplifier),
        Check("text", "pypinyin", f"{_REINSTALL} pypinyin", _sounds),
        Check("text", "re2", f"{_REINSTALL} google-re2", _patterns),
        Check("text", "rapidfuzz", f"{_REINSTALL} rapidfuzz", _likeness),
        Check("rules", "libraries", "run 'voiceguard rules lint'", lambda: _libraries(rules)),
        Check("rules", "playbook", "correct playbook.yaml in the rule folder",
              lambda: _playbook(rules)),
    )  # fmt: skip


def _expected(what: str, got: object, wanted: object) -> Verdict:
    if got != wanted:
        return Verdict("missing", f"{what} gives {got!r}, not {wanted!r}")
    return Verdict("ok", f"{what} works")


def _simplifier() -> Verdict:
    from voiceguard.text import simplify

    return _expected("simplifying", simplify("停息掛賬"), "停息挂账")


def _sounds() -> Verdict:
    from voiceguard.text import sounds

    return _expected("reading aloud", sounds("停息").pinyin, ("ting2", "xi1"))


def _patterns() -> Verdict:
    import re2

    found = re2.search("停息.{0,2}挂账", "可以停息了挂账")
    return _expected("searching", found and found.span(), (2, 7))


def _likeness() -> Verdict:
    from rapidfuzz.distance import Levenshtein

    return _expected("comparing", Levenshtein.distance("guazhang", "guazang"), 1)


def _libraries(rules: Path | None) -> Verdict:
    from voiceguard.rules import load_library

    try:
        library = load_library(rules)
    except RulesError as error:
        return Verdict("missing", f"{error}, the first: {error.problems[0]}")
    kinds = len({rule.category for rule in library.rules})
    return Verdict("ok", f"{len(library.rules)} rules in {kinds} categories")


def _playbook(rules: Path | None) -> Verdict:
    from voiceguard.rules import load_playbook

    try:
        playbook = load_playbook(rules)
    except RulesError as error:
        return Verdict("missing", f"{error}, the first: {error.problems[0]}")
    return Verdict("ok", f"{len(playbook.actions)} actions")
