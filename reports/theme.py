"""The colours of all pages and charts, in light and dark: one place for both."""

from __future__ import annotations

PALETTE: dict[str, tuple[str, str]] = {
    "ground": ("#fcfcfa", "#17181b"),
    "panel": ("#f3f3ef", "#202226"),
    "ink": ("#1c1d20", "#e9e9e6"),
    "soft": ("#5b5e66", "#a3a7b0"),
    "line": ("#d9d9d2", "#383b42"),
    "accent": ("#1d5fa8", "#8abaf0"),
    "good": ("#1a6b3c", "#83cf9f"),
    "bad": ("#a4262c", "#f1989b"),
    "best": ("#e4efe6", "#22372a"),
    "margin": ("#e6e6e0", "#2b2d33"),
    "loss-2": ("#f0b48f", "#7d3f1c"),
    "loss-1": ("#f9dcc8", "#4f3020"),
    "gain-1": ("#d3e4f5", "#1f3a55"),
    "gain-2": ("#a3c8ec", "#245a8e"),
    "series-1": ("#0a62a5", "#74b4ee"),
    "series-2": ("#b34a00", "#f2a06b"),
    "series-3": ("#00755a", "#4fcba6"),
    "series-4": ("#9c3a7c", "#e59bcb"),
    "series-5": ("#6b6100", "#d8ca4e"),
    "series-6": ("#4d4f57", "#c2c5cd"),
}
"""CSS variable to its colour on a light and on a dark background.

The series are the hues of Okabe and Ito (Color Universal Design, 2008), darkened or lightened until text in
them has a contrast of at least 4.5 on the background; shapes and dashes tell them apart as well.
"""
SERIES = tuple(PALETTE[f"series-{number}"][0] for number in range(1, 7))
DASHES: tuple[tuple[int, ...], ...] = ((1, 0), (6, 3), (2, 2), (9, 3, 2, 3), (1, 3), (12, 4))
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")

_VARIABLES = {light: f"var(--{name})" for name, (light, _) in PALETTE.items()}


def light(name: str) -> str:
    """Return a colour of the light theme by its CSS variable's name; charts are drawn in these."""
    return PALETTE[name][0]


def variable(colour: str) -> str:
    """Return the CSS variable of a light colour, so that the page's theme decides; others as they are."""
    return _VARIABLES.get(colour.lower(), colour)


def css() -> str:
    """Return the variables for light, dark and print."""
    bright = _rule({name: pair[0] for name, pair in PALETTE.items()})
    dark = _rule({name: pair[1] for name, pair in PALETTE.items()})
    printed = _rule({"ground": "#fff", "ink": "#000", "soft": "#444"})
    on_dark = f"@media screen and (prefers-color-scheme: dark) {{ {dark} }}"
    return f"{bright}\n{on_dark}\n@media print {{ {printed} }}\n"


def _rule(colours: dict[str, str]) -> str:
    return ":root { " + " ".join(f"--{name}: {colour};" for name, colour in colours.items()) + " }"
