"""YAML rule libraries → Rule values; every problem at once, with file and line."""

from voiceguard.rules.library import Library, load_library, shipped
from voiceguard.rules.playbook import Playbook, load_playbook
from voiceguard.rules.rule import Category, Pattern, Phrase, Rule

__all__ = [
    "Category", "Library", "Pattern", "Phrase", "Playbook", "Rule",
    "load_library", "load_playbook", "shipped",
]
