"""Calculations that authors write: read by an own small parser, exact, bounded in size and time.

Numbers use a point (`0.8`); a comma separates the arguments of a function. Arithmetic `+ - * / **`, comparisons,
`and or not`, variables, and the functions of `formulas`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from html import unescape
from typing import NoReturn

from deust.domain.formulas import FUNCTIONS, Function
from deust.domain.french_numbers import MAX_PLACES, format_number

MAX_SOURCE = 500
MAX_DEPTH = 50
MAX_BITS = 8192
SHOWN_DIGITS = 6
"""Decimals of a number shown without a format."""

Value = Fraction | bool


class ExpressionError(ValueError):
    """An expression that cannot be read or computed; `position` counts characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True)
class Number:
    value: Fraction


@dataclass(frozen=True)
class Name:
    name: str
    position: int


@dataclass(frozen=True)
class Unary:
    operator: str
    operand: Node
    position: int


@dataclass(frozen=True)
class Binary:
    operator: str
    left: Node
    right: Node
    position: int


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple[Node, ...]
    position: int


Node = Number | Name | Unary | Binary | Call


@dataclass(frozen=True)
class Expression:
    source: str
    root: Node


WORDS = frozenset({"and", "or", "not"})

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/()<>,×÷−≤≥≠])|(?P<end>$))"
)
_SAME_SIGN = {"×": "*", "÷": "/", "−": "-", "≤": "<=", "≥": ">=", "≠": "!="}
_BINDING = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), 4),
    **dict.fromkeys("+-", 5),
    **dict.fromkeys("*/", 6),
    "**": 8,
}
_NOT_BINDING, _COMPARISON_BINDING, _MINUS_BINDING = 3, 4, 7
_COMPARISONS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ARITHMETIC: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


@lru_cache(maxsize=1024)
def parse(source: str) -> Expression:
    """The expression written, or an error that says where and why it cannot be read."""
    if len(source) > MAX_SOURCE:
        raise ExpressionError(f"expression de plus de {MAX_SOURCE} caractères", MAX_SOURCE)
    return Expression(source, _Parser(source).parse())


def evaluate(expression: Expression, variables: Mapping[str, Fraction]) -> Fraction:
    """The exact number that the expression is worth."""
    return _number(_value(expression.root, variables), 0)


def holds(expression: Expression, variables: Mapping[str, Fraction]) -> bool:
    """Whether a condition is true."""
    return _truth(_value(expression.root, variables), 0)


def value_of(amount: Fraction | str, variables: Mapping[str, Fraction]) -> Fraction:
    """A number written as such, or as an expression over the drawn variables."""
    return evaluate(parse(amount), variables) if isinstance(amount, str) else amount


def names_in(expression: Expression) -> frozenset[str]:
    """The variables that the expression needs."""
    return frozenset(node.name for node in _nodes(expression.root) if isinstance(node, Name))


_INSERT = re.compile(r"\{\{([^{}|]*)(?:\|\s*([0-9]{1,2})\s*)?\}\}")


def inserts_in(html: str) -> tuple[str, ...]:
    """The expressions written `{{ … }}` in a text, without their format."""
    return tuple(unescape(found[1]).strip() for found in _INSERT.finditer(html))


def fill(html: str, values: Mapping[str, Fraction]) -> str:
    """The text with each `{{ expression }}` replaced by its value in French.

    `{{ x | 2 }}` shows exactly two decimals; without a format, up to six and no useless zero.
    """

    def shown(found: re.Match[str]) -> str:
        value = evaluate(parse(unescape(found[1]).strip()), values)
        if found[2] is None:
            return format_number(value, SHOWN_DIGITS)
        return format_number(value, min(int(found[2]), MAX_PLACES), keep_zeros=True)

    return _INSERT.sub(shown, html)


def _fail(message: str, position: int) -> NoReturn:
    raise ExpressionError(message, position)


class _Parser:
    """Top-down operator precedence; `depth` bounds the recursion."""

    def __init__(self, source: str) -> None:
        self.tokens = list(_tokens(source))
        self.place = 0

    def parse(self) -> Node:
        root = self._expression(0, 0)
        kind, text, position = self._peek()
        if kind != "end":
            _fail(_unexpected(text), position)
        return root

    def _peek(self) -> tuple[str, str, int]:
        return self.tokens[self.place]

    def _take(self) -> tuple[str, str, int]:
        token = self.tokens[self.place]
        self.place += token[0] != "end"
        return token

    def _expect(self, sign: str) -> None:
        _, text, position = self._take()
        if text != sign:
            _fail(f"« {sign} » attendu" + (f" avant « {text} »" if text else " à la fin"), position)

    def _expression(self, binding: int, depth: int) -> Node:
        if depth > MAX_DEPTH:
            _fail(f"plus de {MAX_DEPTH} niveaux imbriqués", self._peek()[2])
        left = self._operand(depth)
        while (strength := _BINDING.get(self._peek()[1], 0)) > binding:
            _, sign, position = self._take()
            right = self._expression(strength - (sign == "**"), depth + 1)
            left = Binary(sign, left, right, position)
            if strength == _COMPARISON_BINDING and _BINDING.get(self._peek()[1]) == strength:
                _fail("comparaisons à la suite : reliez-les par « and »", self._peek()[2])
        return left

    def _operand(self, depth: int) -> Node:
        kind, text, position = self._take()
        if kind == "number":
            return Number(Fraction(text))
        if text == "(":
            inside = self._expression(0, depth + 1)
            self._expect(")")
            return inside
        if text in ("-", "+"):
            return Unary(text, self._expression(_MINUS_BINDING, depth + 1), position)
        if text == "not":
            return Unary(text, self._expression(_NOT_BINDING, depth + 1), position)
        if kind != "name" or text in WORDS:
            _fail(_unexpected(text), position)
        return self._call(text, position, depth) if self._peek()[1] == "(" else Name(text, position)

    def _call(self, name: str, position: int, depth: int) -> Node:
        function = FUNCTIONS.get(name)
        if function is None:
            _fail(f"fonction inconnue « {name} » (connues : {', '.join(FUNCTIONS)})", position)
        self._expect("(")
        arguments = [self._expression(0, depth + 1)]
        while self._peek()[1] == ",":
            self._take()
            arguments.append(self._expression(0, depth + 1))
        self._expect(")")
        if not function.least <= len(arguments) <= function.most:
            _fail(f"« {name} » attend {_count(function)}, pas {len(arguments)}", position)
        return Call(name, tuple(arguments), position)


def _count(function: Function) -> str:
    if function.least == function.most:
        return f"{function.least} valeur(s)"
    return f"de {function.least} à {function.most} valeurs"


def _unexpected(text: str) -> str:
    if text == ",":
        return "virgule inattendue : les décimales s'écrivent avec un point"
    return f"« {text} » inattendu" if text else "expression incomplète"


def _tokens(source: str) -> Iterator[tuple[str, str, int]]:
    place = 0
    while True:
        found = _TOKEN.match(source, place)
        if found is None:
            blank = len(source[place:]) - len(source[place:].lstrip())
            _fail(f"caractère inattendu « {source[place + blank]} »", place + blank)
        kind = str(found.lastgroup)
        text = found[kind]
        yield kind, _SAME_SIGN.get(text, text), found.start(kind)
        if kind == "end":
            return
        place = found.end()


def _nodes(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        match current:
            case Unary():
                waiting.append(current.operand)
            case Binary():
                waiting += [current.left, current.right]
            case Call():
                waiting += current.arguments


def _value(node: Node, variables: Mapping[str, Fraction]) -> Value:
    match node:
        case Number(value):
            return value
        case Name(name, position):
            if name not in variables:
                _fail(f"variable inconnue « {name} »", position)
            return variables[name]
        case Unary(sign, operand, position):
            return _unary(sign, _value(operand, variables), position)
        case Binary("and" | "or" as sign, left, right, position):
            if _truth(_value(left, variables), position) is (sign == "or"):
                return sign == "or"
            return _truth(_value(right, variables), position)
        case Binary(sign, left, right, position):
            first, second = _value(left, variables), _value(right, variables)
            return _binary(sign, _number(first, position), _number(second, position), position)
        case Call(name, arguments, position):
            return _called(name, [_number(_value(argument, variables), position) for argument in arguments], position)


def _unary(sign: str, operand: Value, position: int) -> Value:
    if sign == "not":
        return not _truth(operand, position)
    number = _number(operand, position)
    return -number if sign == "-" else number


def _binary(sign: str, left: Fraction, right: Fraction, position: int) -> Value:
    if sign in _COMPARISONS:
        return _COMPARISONS[sign](left, right)
    if sign == "**":
        return _power(left, right, position)
    if sign != "/":
        return _bounded(_ARITHMETIC[sign](left, right), position)
    if not right:
        _fail("division par zéro", position)
    return _bounded(left / right, position)


def _power(base: Fraction, exponent: Fraction, position: int) -> Fraction:
    if exponent.denominator != 1:
        _fail("la puissance doit être un nombre entier", position)
    if not base and exponent < 0:
        _fail("division par zéro", position)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(exponent) > MAX_BITS:
        _fail("nombre trop grand", position)
    return Fraction(base**exponent.numerator)


def _called(name: str, arguments: list[Fraction], position: int) -> Fraction:
    try:
        return _bounded(Fraction(FUNCTIONS[name].compute(*arguments)), position)
    except ValueError as error:
        raise ExpressionError(f"{name} : {error}", position) from error


def _bounded(value: Fraction, position: int) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        _fail("nombre trop grand", position)
    return value


def _number(value: Value, position: int) -> Fraction:
    if isinstance(value, bool):
        _fail("un nombre est attendu, pas une condition", position)
    return value


def _truth(value: Value, position: int) -> bool:
    if not isinstance(value, bool):
        _fail("une condition est attendue, pas un nombre", position)
    return value
