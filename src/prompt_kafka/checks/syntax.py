"""Helm templates as trees: enough of Go's template language to tell what each expression reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

_ACTION = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}|\{\{-?(.*?)-?\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)*')|(?P<var>\$\w*)(?P<varfields>(?:\.\w+)*)"""
    r"""|(?P<fields>(?:\.[A-Za-z_]\w*)+)|(?P<dot>\.)|(?P<assign>:=|=)|(?P<punct>[()|,])"""
    r"""|(?P<number>[-+]?\d[\w.+-]*)|(?P<word>[A-Za-z_]\w*))"""
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of an expression."""

    kind: str
    text: str
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Node:
    """An action and what it encloses.

    Attributes
    ----------
    kind
        ``do``, ``if``, ``with``, ``range`` or ``define``.
    """

    kind: str
    tokens: list[Token]
    body: list[Node] = field(default_factory=list)
    other: list[Node] = field(default_factory=list)


class SyntaxTrouble(Exception):
    """A template that this reader does not understand."""


@lru_cache(maxsize=1024)
def parse(text: str) -> list[Node]:
    """Return the nodes of a template.

    Raises
    ------
    SyntaxTrouble
        It is not understood: nothing may be concluded from it.
    """
    top: list[Node] = []
    stack: list[tuple[Node, list[Node], bool]] = []
    here = top
    for match in _ACTION.finditer(text):
        if match[1] is None:
            continue
        tokens = tokens_of(match[1])
        word = tokens[0].text if tokens and tokens[0].kind == "word" else ""
        if word in ("if", "with", "range", "define", "block"):
            node = Node(word, tokens[1:])
            here.append(node)
            stack.append((node, here, False))
            here = node.body
        elif word == "else":
            if not stack:
                raise SyntaxTrouble("else without a beginning")
            node, outer, chained = stack.pop()
            stack.append((node, outer, chained))
            here = node.other
            if len(tokens) > 1 and tokens[1].text in ("if", "with"):
                inner = Node(tokens[1].text, tokens[2:])
                here.append(inner)
                stack.append((inner, here, True))
                here = inner.body
        elif word == "end":
            while stack and stack[-1][2]:
                stack.pop()
            if not stack:
                raise SyntaxTrouble("end without a beginning")
            here = stack.pop()[1]
        elif tokens and word not in ("break", "continue"):
            here.append(Node("do", tokens))
    if stack:
        raise SyntaxTrouble("no end")
    return top


def tokens_of(text: str) -> list[Token]:
    """Return the words of one action."""
    found: list[Token] = []
    at = 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match or match.end() == at:
            raise SyntaxTrouble(f"{text[at : at + 20]!r}")
        spaced = text[at : at + 1].isspace()
        at = match.end()
        kind = match.lastgroup or ""
        if match["var"] is not None:
            fields = tuple(match["varfields"].split(".")[1:])
            found.append(Token("var", match["var"], fields))
        elif kind == "fields":
            # Fields right behind a parenthesis belong to it.
            kind = "of" if found and found[-1].text == ")" and not spaced else "fields"
            found.append(Token(kind, match["fields"], tuple(match["fields"].split(".")[1:])))
        else:
            found.append(Token(kind, match[0].strip()))
    return found
