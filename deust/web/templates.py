"""Templates compiled so that French costs nothing: its sentences are constants, looked up only for another language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from functools import partial
from types import BuiltinFunctionType, MethodType
from typing import Any

from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from deust.web.i18n import french

_GATHERED = "gathered"
"""The filter that hands over as markup what a template wrote, and was escaped there."""

_VALUE = re.compile(r"(?<!%)%\((\w+)\)s")
"""Where a value stands in a sentence."""

_AS_MARKUP = partial(str.__new__, Markup)
"""What `safe` does, in one call."""

_WANT_NO_CONTEXT = (Macro, MethodType, BuiltinFunctionType)


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


class _Context(Context):
    def call(self, asked: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
        """Jinja asks of everything it calls whether it wants the context; macros and methods never do here."""
        if type(asked) not in _WANT_NO_CONTEXT:
            return super().call(asked, *arguments, **named)
        named.pop("_block_vars", None)
        named.pop("_loop_vars", None)
        return asked(*arguments, **named)


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
    context_class = _Context
    piece = staticmethod(piece)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "trim_blocks": True, "lstrip_blocks": True})
        self.add_extension("jinja2.ext.i18n")
        self._ready: dict[str, Template] = {}
        self.filters[_GATHERED] = self.filters["safe"] = _AS_MARKUP

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
        """What is shown on a condition is a statement: a constant is written as it is, and nothing as nothing."""
        self.generic_visit(output)
        return _statements(output.nodes)

    def visit_Call(self, call: nodes.Call) -> nodes.Expr:  # the name that Jinja's visitor looks for
        self.generic_visit(call)
        sentence = _in_french(call)
        if sentence is None:
            return call
        is_french = nodes.Name("is_french", "load", lineno=call.lineno)
        return nodes.CondExpr(is_french, sentence, call, lineno=call.lineno)


def _statements(shown: Iterable[nodes.Expr]) -> list[nodes.Node]:
    parts: list[nodes.Node] = []
    for child in shown:
        if isinstance(child, nodes.CondExpr):
            otherwise = [] if child.expr2 is None else _statements([child.expr2])
            parts.append(nodes.If(child.test, _statements([child.expr1]), [], otherwise, lineno=child.lineno))
        elif parts and isinstance(parts[-1], nodes.Output):
            parts[-1].nodes.extend(_pieces(child))
        else:
            parts.append(nodes.Output(list(_pieces(child)), lineno=child.lineno))
    return parts


def _pieces(shown: nodes.Expr) -> Iterator[nodes.Expr]:
    """A constant sentence as it is; one with values cut where they stand, so that each is written in its turn."""
    if isinstance(shown, nodes.Mod) and _is_constant_markup(shown.left) and isinstance(shown.right, nodes.Dict):
        values = {pair.key.as_const(): pair.value for pair in shown.right.items}
        for index, part in enumerate(_VALUE.split(shown.left.expr.value)):  # type: ignore[attr-defined]
            yield values[part] if index % 2 else _data(part % {}, shown.lineno)
    elif _is_constant_markup(shown):
        yield _data(shown.expr.value, shown.lineno)  # type: ignore[attr-defined]
    else:
        yield shown


def _is_constant_markup(shown: nodes.Expr) -> bool:
    return isinstance(shown, nodes.MarkSafeIfAutoescape) and isinstance(shown.expr, nodes.Const)


def _data(text: str, line: int) -> nodes.TemplateData:
    return nodes.TemplateData(text, lineno=line)


def _in_french(call: nodes.Call) -> nodes.Expr | None:
    """What `_('…')` and `ngettext('…', '…', count)` say in French; None for any other call, and for a variable text."""
    name = call.node.name if isinstance(call.node, nodes.Name) else ""
    if name not in ("_", "ngettext") or call.dyn_args is not None or call.dyn_kwargs is not None:
        return None
    texts = [each.value for each in call.args if isinstance(each, nodes.Const) and isinstance(each.value, str)]
    values = {each.key: each.value for each in call.kwargs}
    if name == "_" and len(texts) == len(call.args) == 1:
        return _sentence(texts[0], values, call.lineno)
    if name == "ngettext" and len(texts) == 2 and len(call.args) == 3:
        count = call.args[2]
        one, many = (_sentence(text, {"num": count, **values}, call.lineno) for text in texts)
        is_many = nodes.Compare(count, [nodes.Operand("gteq", nodes.Const(2))], lineno=call.lineno)
        return nodes.CondExpr(is_many, many, one, lineno=call.lineno)
    return None


def _sentence(text: str, values: Mapping[str, nodes.Expr], line: int) -> nodes.Expr:
    """The sentence with its values filled in; it is always a format, as for gettext."""
    held = french(text)
    if not _VALUE.search(held):
        return nodes.MarkSafeIfAutoescape(nodes.Const(held % {}, lineno=line), lineno=line)
    pairs = [nodes.Pair(nodes.Const(name, lineno=line), value, lineno=line) for name, value in values.items()]
    sentence = nodes.MarkSafeIfAutoescape(nodes.Const(held, lineno=line), lineno=line)
    return nodes.Mod(sentence, nodes.Dict(pairs, lineno=line), lineno=line)
