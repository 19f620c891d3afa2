"""Formulas: LaTeX in, MathML out, and what is refused."""

from __future__ import annotations

import re
from functools import lru_cache

from latex2mathml.converter import convert

MAX_FORMULA = 2_000
MAX_BRACES = 200

_REFUSED = re.compile(r"\\(?:href|url|input|include|def|newcommand|renewcommand|let|require|html\w*|unicode|style)\b")
_UNKNOWN = re.compile(r"<m[ion][^>]*>(\\[^<]*)</m[ion]>")


class FormulaError(ValueError):
    """The formula cannot be shown; the message says why, in French."""


@lru_cache(maxsize=2048)
def mathml(tex: str, *, is_block: bool = False) -> str:
    """The formula as MathML."""
    if len(tex) > MAX_FORMULA:
        raise FormulaError(f"formule de plus de {MAX_FORMULA} caractères")
    if tex.count("{") > MAX_BRACES or tex.count("\\left") > MAX_BRACES:
        raise FormulaError("formule trop imbriquée")
    refused = _REFUSED.search(tex)
    if refused:
        raise FormulaError(f"commande {refused.group()} refusée")
    try:
        shown = convert(tex, display="block" if is_block else "inline")
    except Exception as failure:
        raise FormulaError(f"formule illisible ({type(failure).__name__})") from failure
    unknown = _UNKNOWN.search(shown)
    if unknown:
        raise FormulaError(f"commande {unknown.group(1)} inconnue")
    return shown
