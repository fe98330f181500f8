"""What the expressions of a template read: a walk through its tree, knowing what the dot stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_kafka.checks.subject import Path
from prompt_kafka.checks.syntax import Node, Token

_DEEP = 40

ROOT = "root"
Value = Any
"""``ROOT``, a path below ``.Values``, a mapping made by ``dict``, or None for what is not known."""


@dataclass(slots=True)
class Reads:
    """What is read: with all that is below it, or only whether there is something."""

    whole: set[Path] = field(default_factory=set)
    truth: set[Path] = field(default_factory=set)

    def all(self, value: Value) -> None:
        """Count a value as read with all that is below it."""
        if isinstance(value, tuple):
            self.whole.add(value)
        elif value == ROOT:
            self.whole.add(())
        elif isinstance(value, dict):
            for each in value.values():
                # The context travels in such mappings; what is taken out of it is seen where it is taken.
                if each != ROOT:
                    self.all(each)


class Walk:
    """Goes through templates with what the dot and the variables stand for."""

    def __init__(self, reads: Reads, defines: Mapping[str, list[Node]]) -> None:
        self.reads = reads
        self.defines = defines
        self.done: set[tuple[str, str]] = set()
        self.depth = 0

    def nodes(self, nodes: list[Node], dot: Value, variables: dict[str, Value]) -> None:
        """Go through nodes; `dot` and `variables` are what they see."""
        for node in nodes:
            if node.kind == "define":
                continue
            if node.kind == "block":
                self.include(node.tokens[0], self.expression(node.tokens[1:], dot, variables))
                continue
            names, expression, assigns = _assigned(node.tokens)
            if node.kind == "do" and expression and expression[0].text == "template":
                rest = expression[2:]
                self.include(expression[1], self.expression(rest, dot, variables) if rest else None)
                continue
            value = self.expression(expression, dot, variables)
            if node.kind == "do":
                if assigns == ":=":
                    variables[names[0]] = value
                else:
                    self.reads.all(value)
                continue
            if isinstance(value, tuple):
                self.reads.truth.add(value)
            inner, below = dot, dict(variables)
            if node.kind == "with":
                inner = value
                if names:
                    below[names[0]] = value
            elif node.kind == "range":
                inner = (*value, "*") if isinstance(value, tuple) else None
                if len(names) > 1:
                    self.reads.all(value)
                if names:
                    below[names[-1]] = inner
            elif names:
                below[names[0]] = value
            self.nodes(node.body, inner, below)
            self.nodes(node.other, dot, dict(variables))

    def include(self, name: Token, dot: Value) -> None:
        """Go through a named template; one that is not here takes all it is given."""
        title = name.text.strip('"`')
        body = self.defines.get(title) if name.kind == "string" else None
        if body is None:
            self.reads.all(dot)
            if isinstance(dot, dict) and ROOT in dot.values():
                self.reads.all(ROOT)
            return
        key = (title, repr(dot))
        if key in self.done or self.depth > _DEEP:
            return
        self.done.add(key)
        self.depth += 1
        self.nodes(body, dot, {"$": dot})
        self.depth -= 1

    def expression(self, tokens: list[Token], dot: Value, variables: Mapping[str, Value]) -> Value:
        """Return what an expression stands for; note what it reads on the way."""
        value: Value = None
        first = True
        for command in _commands(tokens):
            operands = list(self.operands(command, dot, variables))
            word = command[0].text if command and command[0].kind == "word" else ""
            arguments = operands[1:] if word else operands
            if not first:
                arguments.append((None, value))
            value = self.call(word, arguments) if word else (operands[0][1] if operands else None)
            if not word and len(operands) > 1:
                for _, each in operands:
                    self.reads.all(each)
            first = False
        return value

    def call(self, word: str, arguments: list[tuple[Token | None, Value]]) -> Value:
        """Return what a function returns, as far as that is known."""
        values = [value for _, value in arguments]
        if word in ("include", "template") and arguments and arguments[0][0] is not None:
            self.include(arguments[0][0], values[1] if len(values) > 1 else None)
            return None
        if word == "dict":
            keys = [token.text.strip('"`') if token else "?" for token, _ in arguments[::2]]
            return dict(zip(keys, values[1::2], strict=False))
        if word in ("index", "get") and isinstance(values[0] if values else None, tuple):
            names = [token.text.strip('"`') for token, _ in arguments[1:] if token and token.kind == "string"]
            if len(names) == len(arguments) - 1:
                return (*values[0], *names)
        if word == "tpl" and isinstance(values[0] if values else None, tuple):
            # A value that is a template: what it reads is found in the values files.
            self.reads.all(values[0])
            return None
        if word in ("true", "false", "nil"):
            return None
        for value in values:
            self.reads.all(value)
            if isinstance(value, dict) and ROOT in value.values() and word not in ("set", "unset"):
                self.reads.all(ROOT)
        return None

    def operands(
        self, command: list[Token], dot: Value, variables: Mapping[str, Value]
    ) -> Iterator[tuple[Token | None, Value]]:
        """Yield the words of a command with what they stand for."""
        at = 0
        while at < len(command):
            token = command[at]
            if token.text == "(" and token.kind == "punct":
                end = _closing(command, at)
                value = self.expression(command[at + 1 : end], dot, variables)
                at = end + 1
                if at < len(command) and command[at].kind == "of":
                    value = _field(value, command[at].fields)
                    at += 1
                yield None, value
                continue
            at += 1
            if token.kind == "fields":
                yield token, _field(dot, token.fields)
            elif token.kind == "dot":
                yield token, dot
            elif token.kind == "var":
                yield token, _field(variables.get(token.text), token.fields)
            else:
                yield token, None


def _field(value: Value, fields: tuple[str, ...]) -> Value:
    for number, name in enumerate(fields):
        if value == ROOT:
            if name != "Values":
                return () if name == "Subcharts" else None
            value = ()
        elif isinstance(value, tuple):
            value = (*value, name)
        elif isinstance(value, dict):
            value = value.get(name)
        elif name == "Values":
            return tuple(fields[number + 1 :])
        else:
            return fields[fields.index("Values") + 1 :] if "Values" in fields[number:] else None
    return value


def _assigned(tokens: list[Token]) -> tuple[list[str], list[Token], str]:
    depth = 0
    for number, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "punct" else 0
        if token.kind == "assign" and depth == 0:
            names = [each.text for each in tokens[:number] if each.kind == "var"]
            return names, tokens[number + 1 :], token.text
    return [], tokens, ""


def _commands(tokens: list[Token]) -> Iterator[list[Token]]:
    depth = 0
    command: list[Token] = []
    for token in tokens:
        if token.kind == "punct" and token.text == "|" and depth == 0:
            yield command
            command = []
            continue
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "punct" else 0
        command.append(token)
    yield command


def _closing(tokens: list[Token], at: int) -> int:
    depth = 0
    for number in range(at, len(tokens)):
        if tokens[number].kind == "punct":
            depth += {"(": 1, ")": -1}.get(tokens[number].text, 0)
            if depth == 0:
                return number
    return len(tokens) - 1
