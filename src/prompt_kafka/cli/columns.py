"""Tables of thousands of rows, printed in a moment: rich takes seconds for five thousand."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.console import Console

Cell = str | tuple[str, str]
"""Text; or text and one of the theme's styles."""

_COLOURS = {"good": "32", "bad": "1;31", "unsure": "33", "quiet": "2", "head": "1"}
_GAP = "  "


def print_columns(
    console: Console, header: Sequence[str], rows: Sequence[Sequence[Cell]], right: Collection[str] = ()
) -> None:
    """Print rows under a header; the last column is as wide as it is.

    Parameters
    ----------
    right
        Columns that are aligned to the right.
    """
    texts = [[cell if isinstance(cell, str) else cell[0] for cell in row] for row in rows]
    widths = [max(len(name), *(len(row[n]) for row in texts), 0) for n, name in enumerate(header)]
    widths[-1] = 0
    to_right = [name in right for name in header]
    coloured = console.is_terminal and not console.no_color

    def line(cells: Sequence[str], styles: Sequence[str]) -> str:
        padded = [
            text.rjust(width) if side else text.ljust(width)
            for text, width, side in zip(cells, widths, to_right, strict=True)
        ]
        if coloured:
            padded = [
                f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if style else text
                for text, style in zip(padded, styles, strict=True)
            ]
        return _GAP.join(padded).rstrip()

    lines = [line(header, ["head"] * len(header))]
    for row, cells in zip(rows, texts, strict=True):
        lines.append(line(cells, ["" if isinstance(cell, str) else cell[1] for cell in row]))
    console.file.write("\n".join(lines) + "\n")
