"""What works on this machine and how to mend what does not; finds out by trying, never raises.

::

    for finding in examine(model_dir):
        finding.area, finding.name, finding.ok, finding.detail, finding.remedy
"""

from voiceguard.doctor.examination import checks, examine
from voiceguard.doctor.finding import Check, Finding, State, Verdict

__all__ = ["Check", "Finding", "State", "Verdict", "checks", "examine"]
