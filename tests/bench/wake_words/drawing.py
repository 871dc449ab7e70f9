"""Draws curves as SVG: recall over false wakes an hour, a line for each engine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import msgspec

WIDTH, HEIGHT, LEFT, TOP = 420, 280, 52, 40
COLOURS = ("#0b6e4f", "#c1440e", "#3f51b5", "#8e24aa", "#607d8b", "#b8860b")
LEAST, MOST = 0.1, 100.0
"""False wakes an hour at the ends of the axis; fewer are drawn at its beginning."""


class Line(msgspec.Struct, frozen=True):
    """One engine's line."""

    name: str
    points: tuple[tuple[float, float], ...]
    """False wakes an hour and recall (0 to 1)."""
    mark: int | None = None
    """The point of the engine's default."""


class Panel(msgspec.Struct, frozen=True):
    """One diagram."""

    title: str
    lines: tuple[Line, ...]


def svg(panels: Sequence[Panel], columns: int = 2) -> str:
    """Return the diagrams side by side, with one legend below them."""
    rows = -(-len(panels) // columns)
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines))
    width, height = columns * (WIDTH + LEFT + 20), rows * (HEIGHT + 2 * TOP) + 24 * len(names) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    colours = dict(zip(names, COLOURS * len(names), strict=False))
    for number, panel in enumerate(panels):
        x = number % columns * (WIDTH + LEFT + 20) + LEFT
        y = number // columns * (HEIGHT + 2 * TOP) + TOP
        parts.append(f'<g transform="translate({x} {y})">{_panel(panel, colours)}</g>')
    for number, name in enumerate(names):
        y = rows * (HEIGHT + 2 * TOP) + 24 * number + 10
        parts.append(
            f'<line x1="{LEFT}" y1="{y}" x2="{LEFT + 30}" y2="{y}" stroke="{colours[name]}" '
            f'stroke-width="2.5"/><text x="{LEFT + 38}" y="{y + 4}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, colours: dict[str, str]) -> str:
    parts = [f'<text x="0" y="-12" font-size="14">{escape(panel.title)}</text>']
    for power in range(round(math.log10(LEAST)), round(math.log10(MOST)) + 1):
        x = _x(10.0**power)
        parts.append(f'<path d="M{x:.1f} 0V{HEIGHT}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT + 16}" text-anchor="middle">{10.0**power:g}</text>'
        )
    for fifth in range(6):
        y = HEIGHT * (1 - fifth / 5)
        parts.append(f'<path d="M0 {y:.1f}H{WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="-6" y="{y + 4:.1f}" text-anchor="end">{fifth / 5:.1f}</text>')
    parts.append(
        f'<text x="{WIDTH / 2}" y="{HEIGHT + 32}" text-anchor="middle">'
        "false wakes in an hour of speech</text>"
    )
    for line in panel.lines:
        places = [(_x(rate), HEIGHT * (1 - recall)) for rate, recall in line.points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        colour = colours[line.name]
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if line.mark is not None:
            x, y = places[line.mark]
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>')
    return "".join(parts)


def _x(rate: float) -> float:
    part = math.log10(min(max(rate, LEAST), MOST) / LEAST) / math.log10(MOST / LEAST)
    return WIDTH * part
