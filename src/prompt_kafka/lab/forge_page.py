"""The lab's forge in a browser: its pull requests, and the buttons by which a colleague answers them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from prompt_kafka.lab.forge_store import ADMIN, Pull, RejectedError

if TYPE_CHECKING:
    from prompt_kafka.lab.forge import Forge

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "pre{background:#f4f4f4;padding:1rem;overflow:auto;white-space:pre-wrap}form{display:inline}"
    "article{border-top:1px solid #bbb;padding:1rem 0}button{font:inherit;padding:.3rem 1rem}"
)
_DEEDS = {"approve": "Approve", "object": "Ask for changes", "merge": "Merge", "close": "Close"}


def page(forge: Forge, said: str = "") -> str:
    """Return the page: every pull request with its state and text, the newest first."""
    pulls = forge.pulls.all()
    told = "".join(_article(forge, each) for each in pulls) or "<p>No pull request yet.</p>"
    note = f"<p role=alert><strong>{escape(said)}</strong></p>" if said else ""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Pull requests of the lab</title>"
        f"<style>{_STYLE}</style><h1>{escape(forge.repository)}: pull requests</h1>"
        f"<p>You are {ADMIN}, a colleague who reviews.</p>{note}{told}"
    )


def _article(forge: Forge, pull: Pull) -> str:
    state = "merged" if pull.merged_at else pull.state
    reviews = ", ".join(f"{who}: {what.lower().replace('_', ' ')}" for who, what in pull.reviews)
    buttons = "".join(
        f"<form method=post action='/pull/{pull.number}/{deed}'><button>{label}</button></form> "
        for deed, label in _DEEDS.items()
    )
    return (
        f"<article id=pull-{pull.number}><h2>#{pull.number} {escape(pull.title)}</h2>"
        f"<p>{state}: {escape(pull.head)} into {escape(pull.base)}, by {escape(pull.user)}"
        f"{f' ({escape(reviews)})' if reviews else ''}</p>"
        f"{buttons if pull.state == 'open' else ''}<pre>{escape(pull.body)}</pre></article>"
    )


def deed(forge: Forge, number: int, what: str) -> str:
    """Do what a button says; return what came of it."""
    try:
        pull = forge.pulls.get(number)
        if what == "merge":
            return f"merged as {forge.pulls.merge(number, user=ADMIN)[:12]}"
        if what == "close":
            forge.pulls.change(number, user=ADMIN, state="closed")
            return "closed"
        with forge.pulls.changing():
            pull.reviews.append((ADMIN, "APPROVED" if what == "approve" else "CHANGES_REQUESTED"))
        return "approved" if what == "approve" else "asked for changes"
    except RejectedError as error:
        return f"refused: {error.message}"
