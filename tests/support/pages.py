"""What every page must be, whatever it says: checked on each HTML answer that a test opens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from weakref import WeakKeyDictionary
from xml.etree.ElementTree import Element

from html5lib.html5parser import ParseError
from werkzeug.test import TestResponse

from tests.support.markup import read_page

_REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "aria-details", "aria-owns", "list")
_ADDRESSES = ("href", "src", "action", "formaction", "poster", "data", "srcset", "cite")
_NOT_LABELLED = {"hidden", "submit", "button", "reset", "image"}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_LEAVING = ("https://", "mailto:", "tel:")
MOST_REQUESTS = 6
_FONTS = 2


_TOKEN = re.compile(r'name="csrf_token"[^>]*value="[^"]+"|content="[\w.-]{60,}"')

_passed: set[int] = set()
_trees: WeakKeyDictionary[TestResponse, Element] = WeakKeyDictionary()


def check_page(response: TestResponse) -> None:
    """Fails unless the page passes every check; a page seen before, but for its token, is not read again."""
    text = hash(_TOKEN.sub("", response.get_data(as_text=True)))
    if text in _passed:
        problems = "; ".join(header_problems(response))
        assert not problems, f"{response.request.path} ({response.status}): {problems}"
        return
    page_of(response)
    _passed.add(text)


def page_of(response: TestResponse) -> Element:
    """The page's tree, once it has passed every check; an answer is read once."""
    if response not in _trees:
        _trees[response] = _read(response)
    return _trees[response]


def shown_without_scripts(response: TestResponse) -> str:
    """The words of a page in a browser that runs no script: what is hidden stays so."""
    return " ".join("".join(_shown(page_of(response))).split())


def _shown(element: Element) -> Iterator[str]:
    if element.get("hidden") is None and element.tag not in ("head", "script", "template"):
        yield element.text or ""
        for child in element:
            yield from _shown(child)
    yield element.tail or ""


def _read(response: TestResponse) -> Element:
    problems = [*header_problems(response)]
    text = response.get_data(as_text=True)
    try:
        tree = read_page(text)
    except ParseError as error:
        raise AssertionError(f"{response.request.path}: invalid HTML: {error}\n{text[:3000]}") from None
    problems += tree_problems(tree)
    assert not problems, f"{response.request.path} ({response.status}): " + "; ".join(problems)
    return tree


def header_problems(response: TestResponse) -> Iterator[str]:
    headers = response.headers
    if response.status_code >= 500 and response.status_code != 503:
        yield "the server failed"
    policy = headers.get("Content-Security-Policy", "")
    if "default-src 'none'" not in policy or "unsafe" in policy:
        yield f"weak policy {policy!r}"
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield "no nosniff"
    if "cookie" not in headers.get("Vary", "").lower():
        yield "no Vary: Cookie"
    if 'action="/deconnexion"' in response.get_data(as_text=True) and "no-store" not in headers.get(
        "Cache-Control", ""
    ):
        yield "a signed-in person's page may be stored"
    if "charset=utf-8" not in headers.get("Content-Type", "").lower():
        yield "no charset"


def tree_problems(tree: Element) -> Iterator[str]:
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    ids = Counter(element.get("id") for element in elements if element.get("id") is not None)
    yield from (f"id {name!r} stands {times} times" for name, times in ids.items() if times > 1)
    yield from _outline_problems(tree, elements)
    for element in elements:
        yield from _inline_problems(element)
        yield from _address_problems(element)
        yield from (
            f"{name}={reference!r} names nothing"
            for name in _REFERENCES
            for reference in (element.get(name) or "").split()
            if reference not in ids
        )
    yield from _error_problems(elements)
    yield from _field_problems(tree, elements)
    yield from _weight_problems(elements)


def _weight_problems(elements: list[Element]) -> Iterator[str]:
    """A first visit asks for the page, two fonts, and each style, script, icon and image shown at once."""
    asked = {element.get("href") for element in elements if element.tag == "link" and element.get("as") != "font"}
    asked |= {element.get("src") for element in elements if element.tag in ("script", "img") and not _waits(element)}
    asked = {address for address in asked if address and not address.startswith("data:")}
    if 1 + _FONTS + len(asked) > MOST_REQUESTS:
        yield f"more than {MOST_REQUESTS} requests: {sorted(asked)}"


def _waits(element: Element) -> bool:
    return element.get("loading") == "lazy"


def _outline_problems(tree: Element, elements: list[Element]) -> Iterator[str]:
    if not tree.get("lang"):
        yield "no language"
    titles = [element for element in elements if element.tag == "title"]
    if not titles or not (titles[0].text or "").strip():
        yield "no title"
    main_titles = [element for element in elements if element.tag == "h1"]
    if len(main_titles) != 1:
        yield f"{len(main_titles)} h1"
    levels = [int(element.tag[1]) for element in elements if re.fullmatch("h[1-6]", element.tag)]
    yield from (f"h{after} follows h{before}" for before, after in pairwise(levels) if after > before + 1)
    yield from (f"image without alt: {element.get('src')}" for element in elements if _lacks_alt(element))


def _lacks_alt(element: Element) -> bool:
    return element.tag == "img" and element.get("alt") is None


def _inline_problems(element: Element) -> Iterator[str]:
    if element.tag == "style":
        yield "style element"
    if element.tag == "script" and not element.get("src") and element.get("type") != "application/json":
        yield "inline script"
    for name in element.attrib:
        if name == "style":
            yield f"style attribute on {element.tag}"
        if name.startswith("on"):
            yield f"handler {name} on {element.tag}"


def _address_problems(element: Element) -> Iterator[str]:
    """What a page loads or sends stays here; only a link may lead outside."""
    for name in _ADDRESSES:
        address = (element.get(name) or "").strip()
        is_leaving = address.startswith("//") or bool(_SCHEME.match(address))
        is_icon = element.get("rel") == "icon" and address.startswith("data:image/svg+xml,")
        if is_leaving and not is_icon and not (element.tag == "a" and address.startswith(_LEAVING)):
            yield f"{element.tag} {name}={address!r} leaves the site"


def _error_problems(elements: list[Element]) -> Iterator[str]:
    """What the summary of a refused form points to is there."""
    ids = {element.get("id") for element in elements}
    for summary in (element for element in elements if element.get("id") == "errors"):
        addresses = [link.get("href", "") for link in summary.iter("a")]
        yield from (f"error that leads nowhere: {address}" for address in addresses if address[1:] not in ids)


def _field_problems(tree: Element, elements: list[Element]) -> Iterator[str]:
    labelled = {element.get("for") for element in elements if element.tag == "label"}
    wrapped = {field for label in tree.iter("label") for field in label.iter()}
    for element in elements:
        if element.tag not in ("input", "select", "textarea") or element.get("type") in _NOT_LABELLED:
            continue
        named = element.get("aria-label") or element.get("aria-labelledby")
        if not (named or element in wrapped or (element.get("id") and element.get("id") in labelled)):
            yield f"field {element.get('name')!r} without label"
