"""Formulas in LaTeX: the same in plain characters (√, ≤, x²), which a voice puts into words."""

from __future__ import annotations

import re

_LONGEST = 300
"""Characters of the longest formula between single dollars: further apart, they are money."""

_INLINE = re.compile(
    rf"(?<![\w\\$])\$(?=\S)(?P<formula>(?:[^$\n\\]|\\.){{1,{_LONGEST}}}?)(?<=\S)\$(?![\d$])"
)
"""`$x = 5$`, with Pandoc's rules: no space within the dollars, and no digit after the second."""
_BETWEEN = re.compile(
    r"\$\$(?P<dollars>[^$]+)\$\$|\\\((?P<round>(?:(?!\\[()]).)+)\\\)"
    r"|\\\[(?P<square>(?:(?!\\[\[\]]).)+)\\\]"
    r"|\\begin\{(?P<kind>(?:equation|align|gather|multline|displaymath|math)\*?)\}"
    r"(?P<environment>(?:(?!\\(?:begin|end)\b).)+)\\end\{(?P=kind)\}",
    re.DOTALL,
)
_MARK = re.compile(r"(?<!\\)\\[()\[\]]|\$\$")
"""Delimiters whose counterparts are in another sentence."""
_VARIABLE = re.compile(r"(?<![\w$])\$(?=[A-Za-z])")
"""A dollar before a letter, which is no money: half of a formula, a variable, a share."""
_OPERATOR = re.compile(r"[=^_<>+{}×÷≤≥≠√]|\\[A-Za-z]|[A-Za-z)]\s*[-/*]\s*\w")
_TERM = re.compile(r"[-+−]?[\d.,]*[A-Za-z]{0,2}['′!]?|[A-Za-z]\([A-Za-z\d, ]+\)")
_PROSE = re.compile(r"(?:^|\s)[^\W\d_]{2,}\s|[€£¥₹]")

_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[^{}]*\}(?:\{[lcr|]*\})?")
_TEXT = re.compile(r"\\(?:text|textbf|textit|textrm|mbox|mathrm|operatorname|ce)\s*\{([^{}]*)\}")
_BOXED = re.compile(
    r"\\(?:boxed|fbox|mathbf|mathit|mathbb|mathcal|mathsf|mathfrak|boldsymbol|bm|overline|underline"
    r"|vec|hat|bar|tilde|dot|ddot|overrightarrow|widehat|underbrace|overbrace|cancel|displaystyle)"
    r"\s*\{([^{}]*)\}"
)
_FRACTION = re.compile(
    r"\\[dtc]?frac\s*(?:\{([^{}]*)\}|(\d|[A-Za-z](?![A-Za-z])))\s*(?:\{([^{}]*)\}|(\d|[A-Za-z]))"
)
_ROOT = re.compile(r"\\sqrt\s*(?:\[([^\[\]]*)\])?\s*(?:\{([^{}]*)\}|(\d|[A-Za-z](?![A-Za-z])))")
_ROOTS = {"3": "∛", "4": "∜"}
_LIMITS = re.compile(r"_\{([^{}]*)\}\s*\^(?:\{([^{}]*)\}|(\w))|_(\w)\s*\^(?:\{([^{}]*)\}|(\w))")
"""The limits of a sum or an integral."""
_LIMIT = re.compile(r"\\lim\s*_\{([^{}\\]*)\\(?:to|rightarrow)\s*([^{}]*)\}")
_POWER = re.compile(r"(?<=[\w)}\]°])\s*\^\s*(?:\{\s*([^{}]*?)\s*\}|([-−]?\d+))")
_SUPERSCRIPTS = {"2": "²", "3": "³", "\\circ": "°", "°": "°", "\\prime": "′"}
_DEGREE = re.compile(r"\^\s*\\circ(?![A-Za-z])")
_INDEX = re.compile(r"(?<=\w)_(?:\{([^{}]*)\}|([A-Za-z\d]))")
_FUNCTIONS = (
    "arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|lg|exp|lim|max|min|gcd|lcm"
    "|det|deg|dim|ker|sup|inf|bmod|mod"
)
_OF = re.compile(
    rf"\\({_FUNCTIONS})(?![A-Za-z])\s*(?:(\\[a-z]+|\d*[A-Za-z]|\d+)(?![A-Za-z(])|(?=\())"
)
"""A function and its argument, with or without parentheses."""
_SYMBOLS = {
    "times": "×", "cdot": "×", "div": "÷", "pm": "±", "mp": "∓", "ast": "×",
    "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥",
    "ne": "≠", "neq": "≠", "lt": "<", "gt": ">", "ll": "≪", "gg": "≫",
    "approx": "≈", "sim": "≈", "simeq": "≈", "cong": "≅", "equiv": "≡", "propto": "∝",
    "to": "→", "rightarrow": "→", "Rightarrow": "→", "longrightarrow": "→", "implies": "→",
    "mapsto": "→", "iff": "↔", "Leftrightarrow": "↔", "leftarrow": "←",
    "infty": "∞", "sum": "∑", "prod": "∏", "int": "∫", "partial": "∂", "nabla": "∇",
    "in": "∈", "notin": "∉", "subset": "⊂", "subseteq": "⊆", "cup": "∪", "cap": "∩",
    "emptyset": "∅", "forall": "∀", "exists": "∃", "neg": "¬", "land": "∧", "lor": "∨",
    "angle": "∠", "perp": "⊥", "parallel": "∥", "therefore": "∴", "because": "∵",
    "degree": "°", "circ": "°", "prime": "′", "hbar": "ℏ",
    "ldots": "…", "cdots": "…", "dots": "…", "vdots": "…",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "zeta": "ζ", "eta": "η", "theta": "θ", "vartheta": "θ", "iota": "ι", "kappa": "κ",
    "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ",
    "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
    "quad": " ", "qquad": " ", "left": "", "right": "", "big": "", "Big": "", "bigl": "",
    "bigr": "", "Bigl": "", "Bigr": "", "bigg": "", "Bigg": "", "displaystyle": "",
    "textstyle": "", "limits": "", "nolimits": "", "nonumber": "", "mid": "|", "colon": ":",
    "lfloor": "", "rfloor": "", "lceil": "", "rceil": "", "langle": "", "rangle": "",
}  # fmt: skip
"""Commands of LaTeX as characters; of marks that only place or size others, nothing is left."""
_COMMAND = re.compile(
    rf"(?<![:\\])\\({'|'.join(sorted(_SYMBOLS, key=len, reverse=True))})(?![A-Za-z])"
)
_SPACING = re.compile(r"\\[,;:! ]|(?<!\\)~")
_UNKNOWN = re.compile(r"\\([A-Za-z]+)")
_ESCAPED = re.compile(r"\\([%&#$])")
_PRODUCT = re.compile(r"(?<![A-Za-z\d])\d*([a-z]{2,3})(?![A-Za-z(])")
_NAMES = frozenset(_FUNCTIONS.split("|"))
_SIGN = re.compile(r"\s*([=<>+≤≥≠≈×÷])\s*")
_MINUS = re.compile(r"(?<=[\w)²³°])\s*[-−]\s*(?=[\w(√∛∜\\])")


def replace_formulas(text: str) -> str:
    """Replace formulas in LaTeX, with or without delimiters, by the same in plain characters."""
    if "\\" not in text and "$" not in text and "^" not in text:
        return text
    text = _BETWEEN.sub(lambda match: _plain(match[match.lastgroup or 0]), text)
    text = _INLINE.sub(_inline, text)
    text = _VARIABLE.sub("", _MARK.sub(" ", text))
    return _ESCAPED.sub(r"\1", _commands(text))


def _inline(match: re.Match[str]) -> str:
    formula = match["formula"]
    return _plain(formula) if _is_formula(formula) else match[0]


def _is_formula(text: str) -> bool:
    """Return whether a text between two dollars is a formula, not prose between two prices."""
    if re.search(r"\\[A-Za-z%]", text):
        return True
    if _PROSE.search(text):
        return False
    return _OPERATOR.search(text) is not None or _TERM.fullmatch(text) is not None


def _plain(formula: str) -> str:
    """Return the whole of a formula in plain characters."""
    words: list[str] = []

    def keep(match: re.Match[str]) -> str:
        words.append(match[1].strip())
        return f" \ue000{len(words) - 1}\ue001 "

    text = _TEXT.sub(keep, _ENVIRONMENT.sub(" ", formula))
    text = re.sub(r"\\\\", ", ", text)
    text = re.sub(r"(?<!\\)&", " ", text)
    text = _SPACING.sub(" ", _commands(text))
    text = _UNKNOWN.sub(r" \1 ", text)
    text = _PRODUCT.sub(_letters, text)
    text = _MINUS.sub(" − ", _SIGN.sub(r" \1 ", text))
    text = re.sub(r"\ue000(\d+)\ue001", lambda match: words[int(match[1])], text)
    return re.sub(r"[ \t]+", " ", re.sub(r"[{}_]", " ", text)).strip()


def _commands(text: str) -> str:
    """Replace the commands, powers and indices of LaTeX from the innermost outwards."""
    text = _DEGREE.sub("°", text)
    before = ""
    while text != before:
        before = text
        text = _ENVIRONMENT.sub(" ", text)
        text = _TEXT.sub(r" \1 ", text)
        text = _BOXED.sub(r" \1 ", text)
        text = _LIMIT.sub(lambda m: f" lim ({m[1].strip()} … {m[2].strip()}), ", text)
        text = _LIMITS.sub(lambda m: " ({} … {}), ".format(*filter(None, m.groups())), text)
        text = _POWER.sub(_power, text)
        if "\\" in text:
            text = _INDEX.sub(lambda m: f" {m[1] or m[2]}", text)
        text = _FRACTION.sub(lambda m: f" {m[1] or m[2]}⁄{m[3] or m[4]} ", text)
        text = _ROOT.sub(lambda m: f" {_ROOTS.get(m[1] or '', '√')}{m[2] or m[3]} ", text)
    text = _OF.sub(lambda m: f" {m[1]}({m[2]}) " if m[2] else f" {m[1]}", text)
    return _COMMAND.sub(lambda m: _SYMBOLS[m[1]] or " ", text)


def _power(match: re.Match[str]) -> str:
    power = (match[1] or match[2] or "").strip()
    if power in _SUPERSCRIPTS:
        return _SUPERSCRIPTS[power]
    return f"^({power})" if not re.fullmatch(r"[-−]?\w+", power) else f"^{power}"


def _letters(match: re.Match[str]) -> str:
    """Separate the factors of a product, which a voice would read as a word."""
    return match[0] if match[1] in _NAMES else match[0].replace(match[1], " ".join(match[1]))
