"""A form of a page as a browser without scripts holds it: its fields, and its buttons that post them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from werkzeug.test import TestResponse, encode_multipart

from tests.support.clients import Client
from tests.support.pages import page_of

_WITHOUT_VALUE = {"file", "submit", "button", "image", "reset"}


@dataclass(frozen=True)
class Form:
    action: str
    fields: dict[str, list[str]]
    buttons: frozenset[tuple[str, str]]

    def press(self, client: Client, name: str, value: str, **changes: Any) -> TestResponse:
        """Post with the button of this name and value, which must be on the page, some fields filled differently."""
        assert (name, value) in self.buttons, f"no button {name}={value} among {sorted(self.buttons)}"
        return self.send(client, {**changes, name: value})

    def send(self, client: Client, changes: dict[str, Any]) -> TestResponse:
        return post_form(client, self.action, {**self.fields, **changes})


def post_form(
    client: Client, path: str, fields: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> TestResponse:
    """Post fields and files as a browser encodes them."""
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post(path, data=body, content_type=kind, headers=dict(headers or {}))


def form_of(response: TestResponse, form_id: str) -> Form:
    """The form with this id, of a page that was answered."""
    return next(form for own, form in forms_of(response) if own == form_id)


def forms_of(response: TestResponse) -> Iterator[tuple[str | None, Form]]:
    tree = page_of(response)
    for form in tree.iter("form"):
        own = form.get("id")
        inside = set(form.iter())
        mine = [element for element in tree.iter() if element in inside or (own and element.get("form") == own)]
        yield own, Form(form.get("action", ""), _fields(mine), frozenset(_buttons(mine)))


def _buttons(elements: list[Element]) -> Iterator[tuple[str, str]]:
    for element in elements:
        if element.tag == "button" and element.get("type", "submit") == "submit":
            yield element.get("name", ""), element.get("value", "")


def _fields(elements: list[Element]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for element in elements:
        name, value = element.get("name"), _value(element)
        if name and value is not None:
            fields.setdefault(name, []).append(value)
    return fields


def _value(element: Element) -> str | None:
    """What the element posts; None when it posts nothing."""
    kind = element.get("type", "text")
    if element.tag == "textarea":
        return element.text or ""
    if element.tag == "select":
        options = list(element.iter("option"))
        chosen = next((option for option in options if option.get("selected") is not None), options[0])
        return chosen.get("value", (chosen.text or "").strip())
    if element.tag != "input" or kind in _WITHOUT_VALUE:
        return None
    if kind in ("radio", "checkbox") and element.get("checked") is None:
        return None
    return element.get("value", "on" if kind == "checkbox" else "")
