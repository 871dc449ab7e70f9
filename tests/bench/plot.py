"""Plots of the benches, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 50, 50
_COLORS = ("#666666", "#1f6fb4", "#2e8b57", "#c0392b", "#8e44ad")


def shares(title: str, values: Mapping[str, Sequence[float]], most: float) -> str:
    """Return a plot of the share of values up to each number from 0 to `most` seconds.

    Each name has a line, with its median in the legend.
    """
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="24" font-size="14">{escape(title)}</text>',
    ]

    def at(seconds: float, share: float) -> str:
        return f"{_LEFT + width * seconds / most:.1f},{_TOP + height * (1 - share):.1f}"

    for percent in range(0, 101, 25):
        y = _TOP + height * (1 - percent / 100)
        parts.append(_line(_LEFT, y, WIDTH - _RIGHT, y))
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    for step in range(round(most / 0.25) + 1):
        x = _LEFT + width * step * 0.25 / most
        parts.append(_line(x, _TOP, x, HEIGHT - _BOTTOM))
        label = f"{step * 0.25:g} s"
        y = HEIGHT - _BOTTOM + 18
        parts.append(f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{label}</text>')
    for number, (name, found) in enumerate(values.items()):
        color = _COLORS[number % len(_COLORS)]
        ordered = sorted(found)
        points, share = [at(0, 0)], 0.0
        for place, value in enumerate(ordered, 1):
            if value > most:
                break
            points.append(at(max(0.0, value), share))
            share = place / len(ordered)
            points.append(at(max(0.0, value), share))
        points.append(at(most, share))
        drawn = " ".join(points)
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{color}" stroke-width="2"/>')
        median = f", median {ordered[(len(ordered) - 1) // 2]:.2f} s" if ordered else ""
        y = HEIGHT - _BOTTOM - 12 - 16 * (len(values) - 1 - number)
        parts.append(
            f'<text x="{WIDTH - _RIGHT - 8}" y="{y}" text-anchor="end" fill="{color}">'
            f"{escape(name)}{median}</text>"
        )
    return "\n".join([*parts, "</svg>", ""])


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'
