"""Formulas in LaTeX become plain characters; money and paths stay."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.text.speakable import speakable

PARTS = st.lists(
    st.sampled_from(
        [
            *(r"\frac{a}{b}", r"\(", r"\)", r"\[", r"\]", r"\sqrt{", r"\times ", r"\foo"),
            *(r"\text{if }", r"\\", r"\boxed{4}", "$", "$$", "x", "^2", "^{n+1}", "_{i}"),
            *("}", "{", "5", " ", "=", "-", "&", "and"),
        ]
    ),
    max_size=14,
).map("".join)


@given(PARTS)
def test_cleaning_formulas_never_fails_and_is_idempotent(text: str) -> None:
    once = speakable(text)
    assert speakable(once) == once


@given(PARTS)
def test_no_command_that_is_known_is_left(text: str) -> None:
    assert not re.search(r"\\\\(?:frac|times|boxed|sqrt|text)\\b(?=\\{|\\s)", speakable(text + " "))


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        (r"The answer is \boxed{42}.", "The answer is 42."),
        (r"It is $x = 5$, so \(a=3\) holds.", "It is x = 5, so a = 3 holds."),
        (r"\[ \frac{a}{b} \times 2 \leq 5 \]", "a⁄b × 2 ≤ 5"),
        (r"$\frac{1}{2}$ and $\frac34$", "1⁄2 and 3⁄4"),
        (r"$$a^2+b^2=c^2$$", "a² + b² = c²"),
        (r"$E = mc^2$ and $x^{n+1}$", "E = m c² and x^(n + 1)"),
        (r"$\sqrt{x} \cdot \sqrt[3]{8}$", "√x × ∛8"),
        (r"$\sin\theta$", "sin(θ)"),
        (r"\begin{equation} E = mc^2 \end{equation}", "E = m c²"),
        (r"$\lim_{x \to 0} x = 0$", "lim (x… 0), x = 0"),
        (r"$\sum_{i=1}^{n} i$", "∑ (i = 1… n), i"),
        (r"\(5 - 3\)", "5 − 3"),
        (r"$20^\circ$C", "20°C"),
        (r"$x_1 \text{ is } \infty$", "x 1 is ∞"),
        (r"\(10\%\) or $90\%$", "10% or 90%"),
        ("that $x = 5, or $AAPL", "that x = 5, or AAPL"),
        ("It costs $5 and $10.", "It costs $5 and $10."),
        ("from $20-$30, US$20 or A$30", "from $20-$30, US$20 or A$30"),
        ("$5 and 10$", "$5 and 10$"),
        (r"\$5 to \$7", "$5 to $7"),
        (r"C:\Users\bob", r"C:\Users\bob"),
        ("{{ name }} and [[shopping list]]", "name and shopping list"),
        ('Wait<break time="1s"/> here', "Wait here"),
    ],
)
def test_formulas(text: str, spoken: str) -> None:
    assert speakable(text) == spoken
