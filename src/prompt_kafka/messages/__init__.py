"""The reading path: what a topic holds, without a group and without committing anything."""

from prompt_kafka.messages.page import Notice, Page, Span
from prompt_kafka.messages.reader import follow, read
from prompt_kafka.messages.start import EARLIEST, NEWEST, Start

__all__ = ["EARLIEST", "NEWEST", "Notice", "Page", "Span", "Start", "follow", "read"]
