"""Charts rendered: SVG that follows the page's theme, and files for slides."""

from __future__ import annotations

import importlib.util
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from harness.errors import InputError, MissingDependencyError
from harness.files import write_whole
from reports import theme
from reports.tables.model import Table
from reports.tables.plain import text_table

_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = {"svg", "g", "path", "line", "rect", "text", "tspan"}
_ATTRIBUTES = {
    "d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "viewBox", "opacity",
    "fill-opacity", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-miterlimit", "text-anchor",
    "font-size", "font-weight", "font-style", "dy",
}  # fmt: skip
_COLOURS = {"fill", "stroke"}
FORMATS = ("svg", "png", "pdf")
_PNG_SCALE = 3.0


@dataclass(frozen=True)
class Figure:
    """A chart with its words and its numbers.

    Attributes:
        name: Its id on the page and its file name.
        title: One line.
        text: What the chart shows, also for screen readers.
        columns: Head of the table that holds the chart's numbers.
        rows: Its rows, as text.
        spec: The Vega-Lite specification.
    """

    name: str
    title: str
    text: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    spec: dict[str, Any]

    @property
    def table(self) -> Table:
        """The numbers as a table."""
        return text_table("record", self.title, self.columns, self.rows)


@dataclass(frozen=True)
class Drawn:
    """A figure as a page shows it."""

    figure: Figure
    svg: Markup


def has_charts() -> bool:
    """Whether the drawing packages are installed; a page has all its tables without them."""
    return all(importlib.util.find_spec(name) for name in ("altair", "vl_convert"))


def drawn(figure: Figure) -> Drawn:
    """Draw a figure for a page."""
    return Drawn(figure, themed_svg(figure))


def themed_svg(figure: Figure) -> Markup:
    """Return a figure as inline SVG in the page's colours.

    Only known elements and attributes are kept, so that no name from a user or a model can become markup.

    Raises:
        MissingDependencyError: vl-convert is not installed.
        ValueError: The renderer wrote an unknown element.
    """
    # Written by the renderer on this machine from our own specification, not by a user.
    root = ET.fromstring(_convert(figure, "svg"))
    _tame(root)
    root.set("role", "img")
    root.set("aria-labelledby", f"{figure.name}-title {figure.name}-text")
    root.set("focusable", "false")
    return Markup(ET.tostring(root, encoding="unicode"))


def _tame(element: ET.Element) -> None:
    name = element.tag.removeprefix(_SVG)
    if name not in _ELEMENTS:
        raise ValueError(f"chart renderer: unknown element {name!r}")
    element.tag = name
    colours = [f"{key}:{theme.variable(element.attrib[key])}" for key in _COLOURS & element.attrib.keys()]
    kept = {key: value for key, value in element.attrib.items() if key in _ATTRIBUTES}
    element.attrib.clear()
    element.attrib.update(kept)
    if colours:
        element.set("style", ";".join(sorted(colours)))
    for child in element:
        _tame(child)


def write_figures(figures: Iterable[Figure], folder: Path) -> list[Path]:
    """Write every figure as SVG, PNG and PDF in light colours; return the files.

    Raises:
        InputError: A file cannot be written.
        MissingDependencyError: vl-convert is not installed.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for figure in figures:
            for kind in FORMATS:
                made = _convert(figure, kind)
                path = folder / f"{figure.name}.{kind}"
                write_whole(path, made)
                written.append(path)
    except OSError as error:
        problem = f"cannot be written: {error.strerror}"
        raise InputError(folder, "", problem, "name a folder that you may write to with --charts") from None
    return written


def _convert(figure: Figure, kind: str) -> Any:
    try:
        import vl_convert
    except ModuleNotFoundError:
        raise MissingDependencyError("a chart", "vl-convert-python", "report") from None
    if kind == "svg":
        return vl_convert.vegalite_to_svg(figure.spec)
    if kind == "pdf":
        return vl_convert.vegalite_to_pdf(figure.spec)
    return vl_convert.vegalite_to_png(figure.spec, scale=_PNG_SCALE)
