"""Templates compiled so that French costs nothing: its sentences are constants, looked up only for another language."""

from __future__ import annotations

from flask.templating import Environment
from jinja2 import nodes
from jinja2.visitor import NodeTransformer


class Templates(Environment):
    """Reads `_('Texte')` as « that very text when the page is French, else its translation »."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        _Sentences().visit(template)
        return template.set_environment(self)  # type: ignore[return-value]


class _Sentences(NodeTransformer):
    def visit_Call(self, call: nodes.Call) -> nodes.Expr:  # the name that Jinja's visitor looks for
        self.generic_visit(call)
        if not _is_sentence(call):
            return call
        is_french = nodes.Name("is_french", "load", lineno=call.lineno)
        return nodes.CondExpr(is_french, _in_french(call), call, lineno=call.lineno)


def _is_sentence(call: nodes.Call) -> bool:
    is_gettext = isinstance(call.node, nodes.Name) and call.node.name == "_"
    is_constant = len(call.args) == 1 and isinstance(call.args[0], nodes.Const) and isinstance(call.args[0].value, str)
    return is_gettext and is_constant and call.dyn_args is None and call.dyn_kwargs is None


def _in_french(call: nodes.Call) -> nodes.Expr:
    """The constant with its values filled in; a sentence is always a format, as for gettext."""
    text, line = call.args[0].value, call.lineno  # type: ignore[attr-defined]
    if not call.kwargs:
        return nodes.MarkSafeIfAutoescape(nodes.Const(text % {}, lineno=line), lineno=line)
    pairs = [nodes.Pair(nodes.Const(each.key, lineno=line), each.value, lineno=line) for each in call.kwargs]
    sentence = nodes.MarkSafeIfAutoescape(nodes.Const(text, lineno=line), lineno=line)
    return nodes.Mod(sentence, nodes.Dict(pairs, lineno=line), lineno=line)
