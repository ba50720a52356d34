"""Who speaks: the role of every channel."""

from voiceguard.voices.roles import check_roles, roles_for

__all__ = ["check_roles", "roles_for"]
