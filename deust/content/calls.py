"""The graph of a simulated call: what the customer says, the replies offered, where each leads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from deust.content.attributes import Attributes, is_id, refuse_unknown
from deust.content.fields import number_of
from deust.content.lines import Line
from deust.content.problems import Report
from deust.domain.expressions import ExpressionError, holds, names_in, parse

_NODE = re.compile(r"##\s+([^\s{]+)\s*(?:\{(.*)\})?\s*$")
_REPLY = re.compile(r"-\s+(.*)$")
_REPLY_END = re.compile(r"^(.*?)(?:\s*\{([^{}]*)\})?\s*->\s*(\S+)\s*$", re.DOTALL)
_EFFECT = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)=(-?\d{1,9}(?:[.,]\d{1,9})?)$")
_CHANGE = re.compile(r"([a-z][a-z0-9_]*)([+-])(\d{1,9}(?:[.,]\d{1,9})?)$")
_TOKENS = re.compile(r'(?:[^\s"]|"[^"]*")+')


@dataclass(frozen=True)
class Reply:
    line: int
    text: str
    target: str
    effects: Mapping[str, Fraction]
    changes: Mapping[str, Fraction] = field(default_factory=dict)
    condition: str = ""
    is_spoken: bool = False


@dataclass
class Node:
    id: str
    line: int
    condition: str = ""
    end: str = ""
    text: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)


def read_nodes(lines: Sequence[Line], report: Report) -> list[Node]:
    """Every node of the call, in the order written; what comes before the first is the instruction."""
    nodes: list[Node] = []
    reply: list[Line] = []
    for line in (*lines, Line(0, "## end")):
        found = _NODE.match(line.text) if line.text.startswith("##") else None
        if reply and (found or not line.text[:1].isspace() or not line.text.strip()):
            _add_reply(nodes[-1], reply, report)
            reply = []
        if found and line.number:
            _add_node(nodes, found, line.number, report)
        elif line.text.startswith("##") and line.number:
            report.error(line.number, "passage sans nom lisible", "écrivez « ## nom-du-passage »")
        elif nodes and not nodes[-1].end and _REPLY.match(line.text):
            reply = [line]
        elif reply:
            reply.append(line)
        elif nodes and line.number:
            nodes[-1].text.append(line.text)
    return nodes


def _add_node(nodes: list[Node], found: re.Match[str], line: int, report: Report) -> None:
    node = Node(found.group(1), line)
    if not is_id(node.id):
        report.error(line, f"nom de passage « {node.id} » refusé", "minuscules sans accent, chiffres et tirets")
    if any(other.id == node.id for other in nodes):
        report.error(line, f"passage « {node.id} » écrit deux fois", "changez l'un des deux noms")
    values = _pairs(found.group(2) or "", line, report)
    refuse_unknown(Attributes("", values), ("if", "end"), line, report)
    node.condition, node.end = values.get("if", ""), values.get("end", "")
    nodes.append(node)


def _pairs(inside: str, line: int, report: Report) -> dict[str, str]:
    values: dict[str, str] = {}
    for written in _TOKENS.findall(inside):
        key, equal, value = written.partition("=")
        if not equal:
            report.error(line, f"attribut « {written} » illisible", 'écrivez if="…" ou end=…')
            continue
        values[key] = value.strip('"')
    return values


def _add_reply(node: Node, lines: list[Line], report: Report) -> None:
    number = lines[0].number
    text = " ".join(line.text.strip() for line in lines)[1:].strip()
    found = _REPLY_END.match(text)
    if not found:
        report.error(number, "réponse sans suite", "terminez-la par « -> nom-du-passage »")
        return
    reply = _reply(number, found.group(1), found.group(3), found.group(2) or "", report)
    node.replies.append(reply)


def _reply(line: int, text: str, target: str, inside: str, report: Report) -> Reply:
    effects: dict[str, Fraction] = {}
    changes: dict[str, Fraction] = {}
    condition, is_spoken = "", False
    for written in _TOKENS.findall(inside):
        effect, change = _EFFECT.match(written), _CHANGE.match(written)
        if written.startswith("if="):
            condition = written[3:].strip('"')
        elif written == "voice":
            is_spoken = True
        elif change:
            sign = 1 if change.group(2) == "+" else -1
            changes[change.group(1)] = sign * (number_of(change.group(3)) or Fraction(0))
        elif effect:
            effects[effect.group(1)] = number_of(effect.group(2)) or Fraction(0)
        else:
            report.error(line, f"« {written} » illisible", 'écrivez A1=0.5, tension+1, voice ou if="…"')
    return Reply(line, text.strip(), target, effects, changes, condition, is_spoken)


def check_nodes(nodes: Sequence[Node], state: Mapping[str, Fraction], report: Report) -> None:
    """Targets exist, every node can be reached, every path ends, conditions can be read."""
    if not nodes:
        report.error(1, "appel sans passage", "ajoutez « ## decroche », ce que dit le client et les réponses")
        return
    known = {node.id: node for node in nodes}
    for node in nodes:
        _check_node(node, known, report)
        for condition, line in ((node.condition, node.line), *((r.condition, r.line) for r in node.replies)):
            _check_condition(condition, line, state, report)
        for reply in node.replies:
            _check_changes(reply, state, report)
    _check_reach(nodes, known, report)


def _check_node(node: Node, known: Mapping[str, Node], report: Report) -> None:
    if node.end and node.replies:
        report.error(node.line, f"le passage de fin « {node.id} » propose des réponses", "retirez end= ou les réponses")
    if not node.end and not node.replies:
        report.error(node.line, f"le passage « {node.id} » n'a pas de suite", "ajoutez des réponses, ou {end=…}")
    for reply in node.replies:
        if reply.target not in known:
            report.error(reply.line, f"le passage « {reply.target} » n'existe pas", "vérifiez le nom après ->")
    if node.replies and all(reply.condition for reply in node.replies):
        report.warn(
            node.line,
            f"toutes les réponses de « {node.id} » sont conditionnelles",
            "vérifiez qu'il en reste toujours une",
        )


def _check_condition(condition: str, line: int, state: Mapping[str, Fraction], report: Report) -> None:
    if not condition:
        return
    try:
        expression = parse(condition)
        unknown = sorted(names_in(expression) - set(state))
        for name in unknown:
            report.error(line, f"« {name} » n'est pas dans state", "déclarez-le dans l'en-tête : state: {tension: 0}")
        if not unknown:
            holds(expression, state)
    except ExpressionError as failure:
        report.error(
            line, f"condition illisible « {condition} » : {failure.message} (caractère {failure.position + 1})"
        )


def _check_changes(reply: Reply, state: Mapping[str, Fraction], report: Report) -> None:
    for name in reply.changes:
        if name not in state:
            report.error(
                reply.line, f"« {name} » n'est pas dans state", "déclarez-le dans l'en-tête : state: {tension: 0}"
            )


def _check_reach(nodes: Sequence[Node], known: Mapping[str, Node], report: Report) -> None:
    reached = _closure({nodes[0].id}, {n.id: {r.target for r in n.replies if r.target in known} for n in nodes})
    sources: dict[str, set[str]] = {node.id: set() for node in nodes}
    for node in nodes:
        for reply in node.replies:
            sources.get(reply.target, set()).add(node.id)
    ending = _closure({node.id for node in nodes if not node.replies}, sources)
    for node in nodes:
        if node.id not in reached:
            report.error(node.line, f"aucun chemin ne mène au passage « {node.id} »", "reliez-le, ou retirez-le")
        elif node.id not in ending:
            report.error(node.line, f"depuis « {node.id} », l'appel ne finit jamais", "ajoutez un chemin vers une fin")


def _closure(start: set[str], following: Mapping[str, set[str]]) -> set[str]:
    seen, waiting = set(start), list(start)
    while waiting:
        for target in following.get(waiting.pop(), set()) - seen:
            seen.add(target)
            waiting.append(target)
    return seen
