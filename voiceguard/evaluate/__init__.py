"""Measured quality: rule examples, and labelled calls."""

from voiceguard.evaluate.examples import ExampleFailure, check_examples

__all__ = ["ExampleFailure", "check_examples"]
