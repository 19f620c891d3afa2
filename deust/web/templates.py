"""Templates compiled so that French costs nothing: its sentences are constants, looked up only for another language."""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import partial
from typing import Any

from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

_GATHERED = "gathered"
"""The filter that hands over as markup what a template wrote, and was escaped there."""


def piece(value: object) -> str:
    """A value as the page shows it: escaped, unless it is markup already or holds nothing to escape."""
    if type(value) is str:
        is_plain = not ("&" in value or "<" in value or ">" in value or '"' in value or "'" in value)
        return value if is_plain else escape(value)
    if type(value) is Markup:
        return value
    return str(value) if type(value) is int else escape(value)


class _Page(Template):
    def _get_default_module(self, ctx: Context | None = None) -> Any:
        """Every template has the globals of the environment and no others: what it defines is made once."""
        return super()._get_default_module()


class _Generator(CodeGenerator):
    """Writes `piece(…)` where Jinja writes `escape(…)`, which copies once more what needs no escaping."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
            return
        self.write("environment.piece(")
        if finalize.src is not None:
            self.write(finalize.src)


class Templates(Environment):
    """Reads `_('Texte')` as « that very text when the page is French, else its translation »."""

    code_generator_class = _Generator
    template_class = _Page
    piece = staticmethod(piece)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "trim_blocks": True, "lstrip_blocks": True})
        self.add_extension("jinja2.ext.i18n")
        self._ready: dict[str, Template] = {}
        self.filters[_GATHERED] = partial(str.__new__, Markup)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The environment's own, unless a template is given more: each context copies them."""
        return super().make_globals(d) if d else self.globals

    def get_template(
        self, name: str | Template, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        """A template once loaded is found by its name alone, unless its file is watched: a page asks for fifteen."""
        if isinstance(name, Template) or self.auto_reload or globals is not None:
            return super().get_template(name, parent, globals)
        found = self._ready.get(name)
        if found is None:
            found = self._ready[name] = super().get_template(name, parent)
        return found

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        _Sentences().visit(template)
        for block in template.find_all(nodes.Block):
            block.body = [_gathered(block.body, block.lineno)]
        if _is_only_included(template):
            template.body = [_gathered(template.body, 1)]
        return template.set_environment(self)  # type: ignore[return-value]


def _gathered(body: list[nodes.Node], line: int) -> nodes.Node:
    """The same output handed over as one string: each piece would otherwise climb through every layout above it."""
    return nodes.FilterBlock(body, nodes.Filter(None, _GATHERED, [], [], None, None), lineno=line)


def _is_only_included(template: nodes.Template) -> bool:
    """Whether nothing of it is imported or inherited, so that only its output matters."""
    return not any(isinstance(node, nodes.Extends | nodes.Block | nodes.Macro) for node in template.body)


class _Sentences(NodeTransformer):
    def visit_Output(self, output: nodes.Output) -> list[nodes.Node]:
        """A sentence that stands alone is written as a constant, among what surrounds it."""
        self.generic_visit(output)
        parts: list[nodes.Node] = []
        for child in output.nodes:
            if isinstance(child, nodes.CondExpr) and _is_plain(child.expr1):
                parts.append(_alone(child))
            elif parts and isinstance(parts[-1], nodes.Output):
                parts[-1].nodes.append(child)
            else:
                parts.append(nodes.Output([child], lineno=child.lineno))
        return parts

    def visit_Call(self, call: nodes.Call) -> nodes.Expr:  # the name that Jinja's visitor looks for
        self.generic_visit(call)
        if not _is_sentence(call):
            return call
        is_french = nodes.Name("is_french", "load", lineno=call.lineno)
        return nodes.CondExpr(is_french, _in_french(call), call, lineno=call.lineno)


def _is_plain(sentence: nodes.Expr) -> bool:
    return isinstance(sentence, nodes.MarkSafeIfAutoescape) and isinstance(sentence.expr, nodes.Const)


def _alone(choice: nodes.CondExpr) -> nodes.If:
    text = nodes.TemplateData(choice.expr1.expr.value)  # type: ignore[attr-defined]
    french = nodes.Output([text], lineno=choice.lineno)
    other = nodes.Output([choice.expr2], lineno=choice.lineno)
    return nodes.If(choice.test, [french], [], [other], lineno=choice.lineno)


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
