"""The reading path: what a topic holds, without a group and without committing anything."""

from prompt_kafka.messages.asking import Asking, Budget, Found, Progress
from prompt_kafka.messages.bounds import EARLIEST, END, Bound, Range
from prompt_kafka.messages.filters import Filter, Text
from prompt_kafka.messages.follow import follow
from prompt_kafka.messages.page import Notice, Page, Span, Unread
from prompt_kafka.messages.search import search

__all__ = [
    "EARLIEST",
    "END",
    "Asking",
    "Bound",
    "Budget",
    "Filter",
    "Found",
    "Notice",
    "Page",
    "Progress",
    "Range",
    "Span",
    "Text",
    "Unread",
    "follow",
    "search",
]
