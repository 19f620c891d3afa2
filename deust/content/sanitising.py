"""The allow-list of HTML: what a rendered text may hold, whoever wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable

import nh3
from pygments.token import STANDARD_TYPES

_MATHML = {
    "math", "mi", "mn", "mo", "ms", "mtext", "mspace", "mrow", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup",
    "munder", "mover", "munderover", "mmultiscripts", "mtable", "mtr", "mtd", "mpadded", "mphantom", "menclose",
    "mstyle", "mfenced",
}  # fmt: skip
_TEXT = {
    "p", "br", "hr", "em", "strong", "b", "i", "u", "s", "del", "ins", "sub", "sup", "small", "mark", "kbd", "code",
    "pre", "samp", "var", "abbr", "cite", "q", "blockquote", "span", "div", "section", "a", "img", "ul", "ol", "li",
    "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "h2", "h3", "h4", "h5", "h6",
    "details", "summary", "figure", "figcaption",
}  # fmt: skip
TAGS = _TEXT | _MATHML

_MATH_ATTRIBUTES = {
    "display", "xmlns", "stretchy", "fence", "form", "separator", "lspace", "rspace", "accent", "accentunder",
    "movablelimits", "linethickness", "columnalign", "rowspacing", "columnspacing", "mathvariant", "width", "height",
    "depth", "notation", "symmetric", "minsize", "maxsize", "open", "close", "separators", "displaystyle",
    "scriptlevel",
}  # fmt: skip
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"lang", "dir"},
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height", "loading"},
    "abbr": {"title"},
    "ol": {"start", "type", "reversed"},
    "li": {"id", "value"},
    "sup": {"id"},
    "th": {"colspan", "rowspan", "scope", "align"},
    "td": {"colspan", "rowspan", "align"},
    "details": {"open"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
    **{tag: _MATH_ATTRIBUTES for tag in _MATHML},
}
_ADMONITIONS = {
    "admonition", "note", "info", "tip", "hint", "warning", "danger", "caution", "important", "example", "astuce",
    "attention", "exemple", "definition", "rappel",
}  # fmt: skip
CLASSES: dict[str, set[str]] = {
    "div": {*_ADMONITIONS, "dialogues", "highlight", "footnote"},
    "section": {"dialogue", "bad", "good"},
    "details": _ADMONITIONS,
    "p": {"admonition-title", "dialogue-title", "speaker", "line"},
    "span": {"math", "task", "done", *(name for name in STANDARD_TYPES.values() if name)},
    "a": {"footnote-ref", "footnote-backref"},
    "li": {"task-item"},
}
SCHEMES = {"http", "https", "mailto", "tel"}
REMOVED_WITH_CONTENT = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "svg",
    "template",
    "noscript",
    "select",
    "textarea",
}

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\ufeff]")
_TOKEN = re.compile(r"fn(?:ref\d*)?:[\w-]+")

AddressFilter = Callable[[str, str], str | None]


def is_safe_address(address: str) -> bool:
    """Only http, https, mailto, tel, and addresses inside the site."""
    bare = _INVISIBLE.sub("", address)
    if bare != address.strip() or bare.startswith(("//", "\\", "/\\")):
        return False
    scheme = _SCHEME.match(bare)
    return scheme is None or scheme.group(1).lower() in SCHEMES


def sanitise(html: str, resolve: AddressFilter, *, prefix: str = "") -> str:
    """The HTML with only what is allowed; `resolve` gives the final address of an `a` or an `img`, or None."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name in ("href", "src"):
            address = resolve(tag, value) if is_safe_address(value) else None
            return f"#{prefix}{address[1:]}" if address and _TOKEN.fullmatch(address[1:]) else address
        if name == "id":
            return _identifier(value, prefix)
        if name == "loading":
            return "lazy"
        return value

    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        clean_content_tags=REMOVED_WITH_CONTENT,
        url_schemes=SCHEMES,
        attribute_filter=attribute,
        link_rel=None,
    )


def _identifier(value: str, prefix: str) -> str | None:
    if _TOKEN.fullmatch(value):
        return f"{prefix}{value}"
    return value if value.startswith("s-") and not prefix else None


def removed_from(tag: str, attributes: str) -> list[str]:
    """What of a raw HTML tag will not be kept, in words for its author."""
    if tag not in TAGS and tag not in ("html", "body"):
        return [f"la balise <{tag}>"]
    allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | ({"class"} if tag in CLASSES else set())
    return [
        f"l'attribut {name} de <{tag}>" for name in _attribute_names(attributes) if name not in allowed or name == "id"
    ]


def _attribute_names(attributes: str) -> list[str]:
    return [
        name.lower() for name in re.findall(r"([^\s=\"'/]+)\s*(?:=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"']+))?", attributes)
    ]
