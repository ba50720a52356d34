"""YAML rule libraries → Rule values; every problem at once, with file and line."""

from voiceguard.rules.conditions import Condition, Pattern, Phrase
from voiceguard.rules.library import Library, load_library, shipped
from voiceguard.rules.playbook import Playbook, load_playbook
from voiceguard.rules.rule import Category, Guard, Rule

__all__ = [
    "Category", "Condition", "Guard", "Library", "Pattern", "Phrase", "Playbook", "Rule",
    "load_library", "load_playbook", "shipped",
]
