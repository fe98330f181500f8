"""What can be wrong with a chart in an environment: one finding per file, pure rules over values."""

from prompt_kafka.checks.catalogue import ABOUTS, RULES, run
from prompt_kafka.checks.finding import About, Finding, Place, Severity
from prompt_kafka.checks.subject import CheckInput, Item

__all__ = ["ABOUTS", "RULES", "About", "CheckInput", "Finding", "Item", "Place", "Severity", "run"]
