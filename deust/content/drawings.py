"""Small SVG drawings that stand inside the page, so that they cost no request and stay sharp on a poor line.

Only plain shapes and words are taken: a drawing that uses anything else is served as a picture like any other.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from html import escape

MAX_INSIDE = 6_000
"""Characters of markup: beyond, a file that the browser keeps costs less than a page that carries it each time."""

_NAMESPACE = "{http://www.w3.org/2000/svg}"
_ELEMENTS = {"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"}
_LEFT_OUT = {"title", "desc", "metadata"}
_ATTRIBUTES = {
    "viewBox", "width", "height", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "dx", "dy", "d",
    "points", "transform", "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-dasharray",
    "stroke-linecap", "stroke-linejoin", "stroke-opacity", "opacity", "font-family", "font-size", "font-weight",
    "font-style", "text-anchor", "dominant-baseline", "letter-spacing",
}  # fmt: skip
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_IGNORED = {"role", "aria-label", "aria-labelledby", "aria-hidden", "focusable", "version", _LANGUAGE}


def drawing(root: ElementTree.Element, width: int, height: int) -> str:
    """The markup of the drawing for the inside of a page, or nothing when it cannot stand there."""
    try:
        inside = "".join(_written(child) for child in root) if _is_plain(root) else ""
        box = root.get("viewBox", f"0 0 {width} {height}")
        own = "".join(_attributes(root, leave=("viewBox", "width", "height")))
    except _NotPlain:
        return ""
    shown = f'viewBox="{escape(box)}" width="{width}" height="{height}"{own}>{inside}</svg>'
    return shown if inside and len(shown) <= MAX_INSIDE else ""


def drawn(markup: str, alt: str) -> str:
    """A drawing with its words for who does not see it: whole HTML, already safe."""
    return f'<svg class="drawing" role="img" aria-label="{escape(alt)}" {markup}'


class _NotPlain(Exception):
    pass


def _written(element: ElementTree.Element) -> str:
    name = _name(element)
    if name in _LEFT_OUT:
        return _words(element.tail)
    if not _is_plain(element):
        raise _NotPlain
    inside = _words(element.text) + "".join(_written(child) for child in element)
    return f"<{name}{''.join(_attributes(element))}>{inside}</{name}>{_words(element.tail)}"


def _attributes(element: ElementTree.Element, *, leave: tuple[str, ...] = ()) -> Iterator[str]:
    for name, value in element.attrib.items():
        if name in _IGNORED or name in leave:
            continue
        if name not in _ATTRIBUTES or ("(" in value and name != "transform"):
            raise _NotPlain
        yield f' {name}="{escape(" ".join(value.split()))}"'


def _is_plain(element: ElementTree.Element) -> bool:
    return _name(element) in _ELEMENTS


def _name(element: ElementTree.Element) -> str:
    return element.tag.removeprefix(_NAMESPACE)


def _words(text: str | None) -> str:
    """Words as they are, the white space between elements as nothing."""
    return escape(text, quote=False) if text and text.strip() else ""
