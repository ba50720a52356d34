"""What all tests share: no network, no settings from outside, fixed seeds."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable, file or cache of the machine reaches a test."""
    import os

    for name in list(os.environ):
        if name.startswith("VOICEGUARD_") and name != "VOICEGUARD_TEST_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


class NetworkUsed(AssertionError):
    """Something tried to leave the machine."""


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any socket that is not local makes the test fail."""

    def refuse(self: socket.socket, address: object) -> None:
        raise NetworkUsed(f"connect to {address!r}")

    def refuse_lookup(*args: object, **kwargs: object) -> None:
        raise NetworkUsed(f"look up {args[0]!r}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse_lookup)
