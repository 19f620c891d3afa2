"""From strict YAML to typed values: every mistake at once, each on its line, with the nearest known key."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from deust.content.problems import Report
from deust.content.strict_yaml import BadYaml, Document, load

Model = TypeVar("Model", bound=BaseModel)

_EXPECTED = {
    "string_type": "« {key} » : un texte était attendu",
    "int_type": "« {key} » : un nombre entier était attendu",
    "bool_type": "« {key} » : true ou false était attendu",
    "list_type": "« {key} » : une liste était attendue, par exemple [a, b]",
    "dict_type": "« {key} » : des clés et des valeurs étaient attendues, par exemple {{a: 1}}",
    "model_type": "« {key} » : des clés et des valeurs étaient attendues",
    "string_too_short": "« {key} » est vide",
    "string_too_long": "« {key} » est trop long ({max_length} caractères au plus)",
    "greater_than_equal": "« {key} » : {ge} au moins",
    "less_than_equal": "« {key} » : {le} au plus",
    "string_pattern_mismatch": "« {key} » : « {value} » n'a pas la forme attendue",
    "too_short": "« {key} » est vide",
}


def load_document(text: str, report: Report, *, first_line: int = 1) -> Document | None:
    """The YAML of a file or front matter, or None with the reason reported."""
    try:
        return load(text, first_line=first_line)
    except BadYaml as failure:
        report.error(failure.line, failure.message, failure.fix)
        return None


def validate(model: type[Model], document: Document, report: Report) -> Model | None:
    """The typed value, or None with all its problems reported."""
    try:
        return model.model_validate(document.data)
    except ValidationError as failure:
        for error in _distinct(failure):
            _report(error, model, document, report)
        return None


def _distinct(failure: ValidationError) -> list[Any]:
    """One problem a value: alternatives of a union that all failed count once."""
    by_key: dict[tuple[str | int, ...], Any] = {}
    for error in failure.errors(include_url=False):
        by_key.setdefault(error["loc"], error)
    return list(by_key.values())


def _report(error: Any, model: type[BaseModel], document: Document, report: Report) -> None:
    location = _written(error["loc"], document)
    line = document.line_of(location)
    key = next((part for part in reversed(location) if isinstance(part, str)), "")
    if error["type"] == "extra_forbidden":
        report.error(line, f"clé « {key} » inconnue", _nearest(key, model, location[:-1]))
        return
    if error["type"] == "missing":
        key = str(error["loc"][-1])
        report.error(line, f"clé « {key} » manquante", _to_add(key, model, error["loc"][:-1]))
        return
    message, fix = _explained(error, key)
    report.error(line, message, fix)


def _written(location: tuple[str | int, ...], document: Document) -> tuple[str | int, ...]:
    """The part of pydantic's location that exists in the file (it adds names of union members)."""
    if location in document.lines:
        return location
    kept: tuple[str | int, ...] = ()
    for part in location:
        if (*kept, part) in document.lines:
            kept = (*kept, part)
    return kept


def _explained(error: Any, key: str) -> tuple[str, str]:
    context: Mapping[str, Any] = error.get("ctx", {})
    value = str(error.get("input"))[:60]
    if error["type"] in ("literal_error", "enum"):
        expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        near = get_close_matches(value, expected.split(", "), 1)
        fix = f"écrivez {near[0]}" if near else f"une des valeurs : {expected}"
        return f"« {key} » : « {value} » n'est pas une valeur admise", fix
    if error["type"] == "value_error":
        return f"« {key} » : « {value} » n'est pas lisible", f"attendu : {context.get('error')}"
    template = _EXPECTED.get(error["type"], "« {key} » : « {value} » n'est pas admis")
    message = template.format(key=key, value=value, **context)
    if error["type"] == "string_pattern_mismatch":
        return message, _pattern_hint(str(context.get("pattern", "")))
    return message, ""


def _pattern_hint(pattern: str) -> str:
    if "a-z0-9" in pattern and "A-Z" not in pattern:
        return "minuscules sans accent, chiffres et tirets seulement"
    return f"forme attendue : {pattern}"


def _nearest(key: str, model: type[BaseModel], parents: tuple[str | int, ...]) -> str:
    known = _keys_of(model, parents)
    near = get_close_matches(key, known, 1, cutoff=0.6)
    if near:
        return f"vouliez-vous écrire « {near[0]} » ?"
    return f"clés connues : {', '.join(known)}" if known else "retirez-la"


def _to_add(key: str, model: type[BaseModel], parents: tuple[str | int, ...]) -> str:
    schema = model.model_json_schema()
    values = _resolved(_child(_node_of(schema, parents), key, schema), schema).get("enum", ())
    return f"ajoutez-la, avec une des valeurs : {', '.join(map(str, values))}" if values else "ajoutez-la"


def _keys_of(model: type[BaseModel], parents: tuple[str | int, ...]) -> list[str]:
    schema = model.model_json_schema()
    return sorted(_resolved(_node_of(schema, parents), schema).get("properties", {}))


def _node_of(schema: Any, parents: tuple[str | int, ...]) -> Any:
    node = schema
    for part in parents:
        node = _child(node, part, schema)
    return node


def _child(node: Any, part: str | int, schema: Any) -> Any:
    node = _resolved(node, schema)
    return node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})


def _resolved(node: Any, schema: Any) -> Any:
    if "$ref" in node:
        return schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    for alternative in (*node.get("anyOf", ()), *node.get("allOf", ())):
        resolved = _resolved(alternative, schema)
        if "properties" in resolved or "items" in resolved:
            return resolved
    return node
