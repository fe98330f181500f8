"""Conditions of an expression that can be seen to be false before the expression is worked out.

In CEL an ``&&`` is false as soon as one side is, whatever the other side is: even an error. So where an
expression is a row of conditions joined by ``&&`` and one of them compares a field of the value with a number
or a text, a value whose field is another number or text is done with: a tenth of the time.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

_COMPARED = re.compile(
    r"""\s*value((?:\.[A-Za-z_][A-Za-z0-9_]*)+)\s*(==|<=|>=|<|>)\s*"""
    r"""(-?[0-9]{1,15}(?:\.[0-9]{1,15})?|"[^"\\\n]*"|'[^'\\\n]*')\s*"""
)
_OTHERWISE = ("|", "?", "//", "\\", '"""', "'''")  # may join conditions otherwise, or hide what does
_PLAIN = (int, float, str)
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def surely_false(text: str) -> Callable[[Any], bool] | None:
    """Return what says of a value that the expression is false for it; ``None`` if nothing can be said.

    Parameters
    ----------
    text
        An expression that the compiler took.
    """
    if any(sign in text for sign in _OTHERWISE) or re.search(r"\b[rRbB]{1,2}[\"']", text):
        return None
    tests = [
        test
        for part in _conditions(text)
        if (found := _COMPARED.fullmatch(part)) and (test := _test(found)) is not None
    ]
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return lambda value: any(test(value) for test in tests)


def _test(found: re.Match[str]) -> Callable[[Any], bool] | None:
    path = tuple(found[1].split(".")[1:])
    text, order = found[3], _ORDER.get(found[2])
    wanted = _literal(text)
    if order is not None and isinstance(wanted, str):
        return None

    def unordered(value: Any) -> bool:
        assert order is not None
        for name in path:
            if type(value) is not dict or name not in value:
                return False
            value = value[name]
        return (type(value) is int or type(value) is float) and not order(value, wanted)

    def differs(value: Any) -> bool:
        for name in path:
            if type(value) is not dict or name not in value:
                return False
            value = value[name]
        return type(value) in _PLAIN and value != wanted

    return differs if order is None else unordered


def _literal(text: str) -> int | float | str:
    if text[0] in "\"'":
        return text[1:-1]
    return float(text) if "." in text else int(text)


def _conditions(text: str) -> list[str]:
    """Cut a text at each ``&&`` that stands in no bracket and in no string."""
    parts, depth, quote, begin, at = [], 0, "", 0, 0
    while at < len(text):
        sign = text[at]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif text.startswith("&&", at) and depth == 0:
            parts.append(text[begin:at])
            begin = at = at + 2
            continue
        at += 1
    return [*parts, text[begin:]]
