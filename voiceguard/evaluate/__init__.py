"""Measured quality: rule examples, and labelled calls."""

from voiceguard.evaluate.examples import ExampleFailure, check_examples
from voiceguard.evaluate.labelled import Score, score_calls

__all__ = ["ExampleFailure", "Score", "check_examples", "score_calls"]
