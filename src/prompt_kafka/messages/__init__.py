"""The reading path: what a topic holds, without a group and without committing anything."""

from .page import Notice, Page, Span
from .reader import follow, read
from .start import EARLIEST, NEWEST, Start

__all__ = ["EARLIEST", "NEWEST", "Notice", "Page", "Span", "Start", "follow", "read"]
