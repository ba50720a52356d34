"""The only place that knows the order of the stages.

``Judge`` takes a transcript to a report; ``Analyzer`` takes recordings to reports.
"""

from voiceguard.pipeline.analyzer import Analyzer
from voiceguard.pipeline.calls import AnalyzeOptions, Call, Failed, Heard, unique_ids
from voiceguard.pipeline.judge import Judge

__all__ = ["AnalyzeOptions", "Analyzer", "Call", "Failed", "Heard", "Judge", "unique_ids"]
