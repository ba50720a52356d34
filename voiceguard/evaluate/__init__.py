"""Measured quality: rule examples, and labelled calls; both also as a recogniser mishears them."""

from voiceguard.evaluate.examples import ExampleFailure, Kept, check_examples, recall_kept
from voiceguard.evaluate.labelled import Evaluation, FalseAlarm, Miss, evaluate_calls
from voiceguard.evaluate.noise import garble, garbled
from voiceguard.evaluate.scores import Score

__all__ = [
    "Evaluation", "ExampleFailure", "FalseAlarm", "Kept", "Miss", "Score", "check_examples",
    "evaluate_calls", "garble", "garbled", "recall_kept",
]  # fmt: skip
