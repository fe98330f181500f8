"""CEL, the Common Expression Language, on decoded records: ``--where 'value.flux > 20.0'``.

Google's own runtime works it out. It bounds what an expression may cost (depth, length, rounds of a
comprehension), and it reads from a record only what the expression asks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from prompt_kafka.clients.kafka import Record
from prompt_kafka.core.errors import UsageError
from prompt_kafka.messages.filters import FilterError
from prompt_kafka.messages.shortcut import surely_false
from prompt_kafka.messages.view import Viewed

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST = 10_000
MANY = "many_"


class Expression:
    """A compiled expression; every thread may use it.

    It knows ``value`` and ``key`` (decoded: an object's fields, a text, or ``null``), ``text`` (the value as
    it is shown), ``headers`` (a map of texts), ``topic``, ``partition``, ``offset``, ``time``, ``tombstone``.

    Raises
    ------
    UsageError
        With the compiler's reason and the place.
    """

    def __init__(self, text: str) -> None:
        from cel_expr_python import cel

        if len(text) > LONGEST:
            raise UsageError(
                f"an expression of {len(text)} characters is too long", next=f"at most {LONGEST}"
            )
        kind = cel.Type
        types = {
            "value": kind.DYN,
            "key": kind.DYN,
            "headers": kind.Map(kind.STRING, kind.DYN),
            "topic": kind.STRING,
            "partition": kind.INT,
            "offset": kind.INT,
            "time": kind.TIMESTAMP,
            "tombstone": kind.BOOL,
            "text": kind.STRING,
        }
        self.text = text
        try:
            environment = cel.NewEnv(variables=types)
            compiled = environment.compile(text)
        except Exception as error:
            raise UsageError(
                f"the expression is not understood: {_reason(error)}",
                next="it knows value, key, headers, text, topic, partition, offset, time and tombstone: "
                "value.visit.detector == 42 && value.flux > 20.0",
            ) from None
        result = compiled.return_type().name()
        if result not in ("BOOL", "DYN"):
            raise UsageError(
                f"the expression gives {result.lower()}, not true or false", next="compare it with something"
            )
        self._compiled = compiled
        used = set(re.findall(r"[A-Za-z_]+", text))
        self._getters: list[tuple[str, Callable[[Record, Callable[[], Viewed], bool], Any]]] = [
            (name, getter) for name, getter in _GETTERS.items() if name in used
        ]
        self._any: Any = None
        self._false = surely_false(text)
        if [name for name, _ in self._getters] == ["value"]:
            many = cel.NewEnv(variables={**types, MANY: kind.List(kind.DYN)})
            try:
                self._any = many.compile(f"{MANY}.exists(value, {text}\n)")
            except Exception:  # one level deeper is too deep for the compiler
                self._any = None

    @property
    def reads_value_only(self) -> bool:
        """It depends on nothing but the value, so `none_of` can judge many at once."""
        return self._any is not None

    def none_of(self, values: list[Any]) -> bool:
        """Say that it is false, and no error, for every one of these values; False means: ask for each."""
        false = self._false
        if false is not None:
            values = [value for value in values if not false(value)]
            if not values:
                return True
        try:
            return self._any.eval(data={MANY: values}).value() is False
        except Exception:
            return False

    def holds(self, record: Record, view: Callable[[Record], Viewed], *, plain: bool = False) -> bool:
        """Work it out for a record.

        Parameters
        ----------
        plain
            Nothing is hidden: a JSON value may be read without the view.

        Raises
        ------
        FilterError
            It gives no answer, for example because there is no such field.
        """
        seen: list[Viewed] = []

        def viewed() -> Viewed:
            if not seen:
                seen.append(view(record))
            return seen[0]

        try:
            data = {name: getter(record, viewed, plain) for name, getter in self._getters}
            result = self._compiled.eval(data=data)
            answer = result.value()
        except Exception as error:
            raise FilterError(_reason(error)) from None
        if answer is True or answer is False:
            return bool(answer)
        if result.type().name() == "ERROR":
            raise FilterError(_reason(answer))
        raise FilterError(f"it gives {result.type().name().lower()}, not true or false")


def _value(record: Record, viewed: Callable[[], Viewed], plain: bool) -> Any:
    return _part(record.value, lambda: viewed().value, plain)


def _key(record: Record, viewed: Callable[[], Viewed], plain: bool) -> Any:
    return _part(record.key, lambda: viewed().key, plain)


def _part(data: bytes | None, shown: Callable[[], Any], plain: bool) -> Any:
    import orjson

    if data is None:
        return None
    if plain and data[:1] in (b"{", b"["):
        try:
            return orjson.loads(data)
        except ValueError:
            pass
    return shown().value


def _headers(record: Record, viewed: Callable[[], Viewed], plain: bool) -> Any:
    return {name: None if shown.value is None else shown.text for name, shown in viewed().headers}


def _time(record: Record, viewed: Callable[[], Viewed], plain: bool) -> Any:
    return EPOCH + timedelta(milliseconds=record.time_ms)


_GETTERS: dict[str, Callable[[Record, Callable[[], Viewed], bool], Any]] = {
    "value": _value,
    "key": _key,
    "headers": _headers,
    "topic": lambda record, viewed, plain: record.topic,
    "partition": lambda record, viewed, plain: record.partition,
    "offset": lambda record, viewed, plain: record.offset,
    "time": _time,
    "tombstone": lambda record, viewed, plain: record.value is None,
    "text": lambda record, viewed, plain: viewed().value.text,
}


def _reason(error: object) -> str:
    """Return the runtime's reason, without its codes."""
    said = str(error).strip()
    said = re.sub(r"\s*\[[A-Z_]+\]$", "", said)
    said = re.sub(r"^[A-Z_]+: (ERROR: )?(<input>:)?", "", said)
    return said.replace(" (in container '')", "")[:500] or type(error).__name__
