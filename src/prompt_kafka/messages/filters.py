"""What a search looks for: texts in key, value and headers, and expressions on the decoded record.

The same words serve the command, the console and saved filters. A text filter is compared with the stored
bytes, so it can be looked for in a batch before any record is decoded; where a topic has masks, or when asked
to, with the text that is shown. Regular expressions are RE2's, which has no expression that takes for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from prompt_kafka.clients.kafka import Record
from prompt_kafka.core.errors import UsageError
from prompt_kafka.messages.view import Viewed

if TYPE_CHECKING:
    from prompt_kafka.messages.expression import Expression

Part = Literal["any", "key", "value", "header"]
How = Literal["exact", "contains", "regex"]
FORMS: dict[str, tuple[How, bool]] = {
    "exact": ("exact", False),
    "iexact": ("exact", True),
    "contains": ("contains", False),
    "icontains": ("contains", True),
    "regex": ("regex", False),
    "iregex": ("regex", True),
}
USUAL: dict[Part, How] = {"any": "contains", "key": "exact", "value": "contains", "header": "exact"}
MEMORY = 16 << 20
LONGEST = 10_000


class FilterError(Exception):
    """A record could not be judged: what an expression wanted is not there, or has another type."""


@dataclass(frozen=True, slots=True, eq=True)
class Text:
    """One condition on texts.

    Parameters
    ----------
    part
        Where to look; ``any`` is key, value, and headers' names and values.
    header
        Name of the header, with ``header``.
    """

    part: Part
    how: How
    text: str
    ignore_case: bool = False
    header: str | None = None

    @property
    def words(self) -> str:
        """The condition as a person writes it."""
        form = next(name for name, way in FORMS.items() if way == (self.how, self.ignore_case))
        name = f"{self.header}=" if self.header is not None else ""
        flag = "grep" if self.part == "any" else self.part
        return f"--{flag} {name}{form}:{self.text}"


@dataclass(frozen=True)
class Filter:
    """All conditions of a search: a record is found when each holds.

    Parameters
    ----------
    where
        CEL expression on the decoded record.
    shown
        Compare texts with what is shown instead of the stored bytes.
    """

    texts: tuple[Text, ...] = ()
    where: str | None = None
    shown: bool = False

    def __bool__(self) -> bool:
        return bool(self.texts) or self.where is not None

    @property
    def words(self) -> tuple[str, ...]:
        """The conditions as a person writes them."""
        return (*(text.words for text in self.texts), *([f"--where {self.where}"] if self.where else []))

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """What is compared and how, and with what, for the journal of readings."""
        found = [(f"{t.part}{f' {t.header}' if t.header else ''} {t.how}", t.text) for t in self.texts]
        return (*found, *([("CEL", self.where)] if self.where else []))

    @property
    def exact_key(self) -> bytes | None:
        """The key that every record found must have."""
        keys = [t for t in self.texts if t.part == "key" and t.how == "exact" and not t.ignore_case]
        return _bytes(keys[0].text) if keys and not self.shown else None

    @cached_property
    def expression(self) -> Expression | None:
        """The compiled expression."""
        if self.where is None:
            return None
        from prompt_kafka.messages.expression import Expression

        return Expression(self.where)

    @cached_property
    def _tests(self) -> tuple[tuple[Text, Callable[[bytes], bool]], ...]:
        return tuple((text, test_of(text)) for text in self.texts)

    def compile(self) -> Filter:
        """Compile everything now and return self.

        Raises
        ------
        UsageError
            What is wrong, and where.
        """
        _ = self._tests, self.expression
        return self

    def stored(self, record: Record) -> bool:
        """Say whether the texts are found in the stored bytes."""
        return all(any(map(test, _stored(text, record))) for text, test in self._tests)

    def displayed(self, viewed: Viewed) -> bool:
        """Say whether the texts are found in what is shown."""
        return all(any(map(test, _displayed(text, viewed))) for text, test in self._tests)

    def accepts(self, record: Record, view: Callable[[Record], Viewed], *, shown: bool = False) -> bool:
        """Judge one record.

        Parameters
        ----------
        shown
            Look at what is shown, whatever the filter says: the topic has masks.

        Raises
        ------
        FilterError
            The expression cannot be worked out for this record.
        """
        displayed = (shown or self.shown) and bool(self._tests)
        if not displayed and not self.stored(record):
            return False
        if displayed and not self.displayed(view(record)):
            return False
        return self.expression is None or self.expression.holds(record, view, plain=not shown)


def read(part: Part, text: str, *, ignore_case: bool = False) -> Text:
    """Understand a condition: ``form:text`` with one of `FORMS`, or a text in the usual form of its part.

    Keys and headers are compared whole, values are searched. A header is ``NAME=…``; ``NAME`` alone asks
    whether it is there.

    Raises
    ------
    UsageError
        If it says nothing.
    """
    header = None
    if part == "header":
        header, given, text = text.partition("=")
        if not header:
            raise UsageError("a header filter needs a name", next="write --header NAME=VALUE")
        if not given:
            text = "contains:"
    form, colon, rest = text.partition(":")
    if colon and form in FORMS:
        (how, ignore), text = FORMS[form], rest
    else:
        how, ignore = USUAL[part], ignore_case
    if not text and how != "exact" and part != "header":
        raise UsageError(f"a filter on {part} without a text finds everything", next="say what to look for")
    if len(text) > LONGEST:
        raise UsageError(f"a filter of {len(text)} characters is too long", next=f"at most {LONGEST}")
    return Text(part, how, text, ignore, header)


def pattern(text: Text) -> Any:
    """Return RE2's compiled expression for a condition.

    Raises
    ------
    UsageError
        With RE2's reason.
    """
    import re2

    options = re2.Options()
    options.case_sensitive = not text.ignore_case
    options.log_errors = False
    options.max_mem = MEMORY
    source = text.text if text.how == "regex" else re2.escape(text.text)
    try:
        return re2.compile(source, options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else error
        said = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise UsageError(
            f"the regular expression {text.text[:200]!r} is not understood: {said}",
            next="the language is RE2: no look-around, no back-references",
        ) from None


def test_of(text: Text) -> Callable[[bytes], bool]:
    """Return the test of a condition on bytes."""
    wanted = _bytes(text.text)
    if text.how == "regex":
        compiled = pattern(text)
        return lambda data: compiled.search(data) is not None
    if text.ignore_case:
        compiled = pattern(text)
        if text.how == "exact":
            return lambda data: compiled.fullmatch(data) is not None
        return lambda data: compiled.search(data) is not None
    if text.how == "exact":
        return lambda data: data == wanted
    return lambda data: wanted in data


def _stored(text: Text, record: Record) -> list[bytes]:
    if text.part == "key":
        return [] if record.key is None else [record.key]
    if text.part == "value":
        return [] if record.value is None else [record.value]
    if text.part == "header":
        return [value or b"" for name, value in record.headers if name == text.header]
    parts = [part for part in (record.key, record.value) if part is not None]
    for name, value in record.headers:
        parts += [name.encode(), value or b""]
    return parts


def _displayed(text: Text, viewed: Viewed) -> list[bytes]:
    record = viewed.record
    key = [] if record.key is None else [viewed.key.text.encode()]
    value = [] if record.value is None else [viewed.value.text.encode()]
    if text.part == "key":
        return key
    if text.part == "value":
        return value
    if text.part == "header":
        return [shown.text.encode() for name, shown in viewed.headers if name == text.header]
    parts = key + value
    for name, shown in viewed.headers:
        parts += [name.encode(), shown.text.encode()]
    return parts


def _bytes(text: str) -> bytes:
    """Return a text from the command line as bytes: also one that is no UTF-8."""
    return text.encode("utf-8", "surrogateescape")
