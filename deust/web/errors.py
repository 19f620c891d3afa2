"""Refusals and failures turned into answers: one place decides the status and the words."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, g, jsonify, make_response, render_template
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from deust.domain import errors
from deust.domain.flags import InvalidRules
from deust.web.current import visitor_or_none, wants_json
from deust.web.i18n import gettext as _
from deust.web.typed import given_back, typed_texts

log = logging.getLogger("deust")


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a person reads: what happened, what was kept, what to do."""

    title: str
    happened: str
    todo: str
    kept: str = ""


def _words(status: int) -> Words:
    table = {
        400: Words(
            title=_("Cette page n’est plus à jour."),
            happened=_("L’envoi ne correspond pas à la page ouverte, ou il a été modifié en route."),
            kept=_("Rien n’a été changé. Ce qui était enregistré l’est toujours."),
            todo=_("Revenez en arrière, rechargez la page, puis recommencez."),
        ),
        401: Words(
            title=_("Vous n’êtes plus connecté."),
            happened=_("Votre session est terminée."),
            kept=_("Ce qui était enregistré l’est toujours."),
            todo=_("Connectez-vous à nouveau, vous reviendrez au même endroit."),
        ),
        403: Words(
            title=_("Cette page ne vous est pas ouverte."),
            happened=_("Votre rôle ne donne pas accès à cette page."),
            todo=_("Si vous pensez devoir y accéder, écrivez au secrétariat de la formation."),
        ),
        404: Words(
            title=_("Cette page n’existe pas."),
            happened=_("L’adresse est inexacte, ou ce qu’elle montrait a été déplacé."),
            todo=_("Repartez du programme ou cherchez un mot du cours."),
        ),
        405: Words(
            title=_("Cette adresse ne s’ouvre pas ainsi."),
            happened=_("Elle sert à un envoi de formulaire, pas à une lecture."),
            todo=_("Repartez de la page précédente."),
        ),
        409: Words(
            title=_("L’état a changé entre-temps."),
            happened=_("Ce que vous demandez n’est plus possible dans l’état présent."),
            kept=_("Tout ce qui a été enregistré est gardé."),
            todo=_("Rechargez la page pour voir l’état présent."),
        ),
        410: Words(
            title=_("Ce lien n’est plus valable."),
            happened=_("Il a déjà servi, il est trop ancien, ou un plus récent l’a remplacé."),
            todo=_("Demandez un nouveau lien depuis la page de connexion."),
        ),
        413: Words(
            title=_("Ce fichier est trop lourd."),
            happened=_("L’envoi dépasse la taille acceptée."),
            kept=_("Vos réponses déjà enregistrées sont gardées."),
            todo=_("Réduisez le fichier, puis envoyez-le à nouveau."),
        ),
        422: Words(
            title=_("Cette réponse ne peut pas être lue."),
            happened=_("Ce qui a été envoyé ne correspond pas à la question."),
            kept=_("Votre réponse précédente est gardée."),
            todo=_("Revenez à la question et répondez à nouveau."),
        ),
        429: Words(
            title=_("Trop d’essais."),
            happened=_("Plusieurs essais ont échoué en peu de temps."),
            todo=_("Attendez un instant, puis recommencez."),
        ),
        503: Words(
            title=_("Rien n’a pu être enregistré pour l’instant."),
            happened=_("Le service ne peut pas écrire en ce moment."),
            kept=_("Ce qui était déjà enregistré est gardé. Ce que vous venez d’envoyer ne l’est pas."),
            todo=_("Gardez cette page ouverte et recommencez dans une minute."),
        ),
    }
    unexpected = Words(
        title=_("Une erreur s’est produite."),
        happened=_("Le service n’a pas pu répondre."),
        kept=_("Tout ce qui était enregistré est gardé."),
        todo=_(
            "Recommencez. Si l’erreur revient, donnez ce numéro au secrétariat : %(id)s", id=g.get("request_id", "-")
        ),
    )
    return table.get(status, unexpected)


def _looking() -> Words:
    return Words(
        title=_("Rien ne peut être fait avec les yeux d’un autre."),
        happened=_("Vous regardez la plateforme comme un étudiant la voit : aucun envoi n’est accepté."),
        kept=_("Rien n’a été changé, ni pour lui, ni pour vous."),
        todo=_("Choisissez « Quitter » en haut de la page, puis recommencez."),
    )


def _not_seen() -> Words:
    return Words(
        title=_("Cette page ne se voit pas avec les yeux d’un étudiant."),
        happened=_(
            "On voit ainsi sa page du jour, son programme, ses modules et leurs activités. "
            "Ses essais, ses devoirs, ses questions et son compte ne s’ouvrent qu’à lui."
        ),
        todo=_("Revenez à sa page du jour, ou choisissez « Quitter » en haut de la page pour reprendre les vôtres."),
    )


def _not_enrolled() -> Words:
    return Words(
        title=_("Vous n’êtes pas inscrit à cette formation."),
        happened=_("Les modules s’ouvrent avec l’inscription. Votre compte n’en a pas, ou elle est terminée."),
        kept=_("Ce que vous avez fait est gardé."),
        todo=_("Le secrétariat de la formation inscrit. Le programme et les leçons publiques restent ouverts."),
    )


WORDS: dict[type[errors.Refusal], Callable[[], Words]] = {
    errors.OnlyLooking: _looking,
    errors.NotEnrolled: _not_enrolled,
}

STATUS: dict[type[errors.Refusal], int] = {
    errors.NotFound: 404,
    errors.Unavailable: 503,
    errors.Unkeepable: 400,
    errors.Forbidden: 403,
    errors.NotEnrolled: 403,
    errors.InvalidAnswer: 422,
    errors.OnlyLooking: 403,
    errors.NotYetOpen: 409,
    errors.AttemptClosed: 409,
    errors.NoAttemptLeft: 409,
    errors.NotReady: 409,
    errors.UnknownQuestion: 404,
    errors.SignInRefused: 401,
    errors.SignInThrottled: 429,
    errors.LinkExpired: 410,
    errors.WeakPassword: 422,
    errors.InvalidPerson: 422,
    errors.ImportRefused: 422,
    errors.FileRefused: 422,
    errors.OffsetMismatch: 409,
    InvalidRules: 422,
    errors.ThreadClosed: 409,
    errors.ThreadOpened: 409,
    errors.TooManyQuestions: 429,
}


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


def answer(status: int, *, code: str | None = None, words: Words | None = None) -> Response:
    """The error as a page with the words of the form that met it, or as JSON for a script; nothing of the inside is
    said.
    """
    if status >= 500:
        g._login_user = AnonymousUserMixin()  # asking the database who it is would fail again
    words = words or _words(status)
    if wants_json():
        body = {"error": code or str(status), "message": words.title, "request": g.get("request_id")}
        return make_response(jsonify(body), status)
    shown = {"words": words, "request_id": g.get("request_id"), "person": visitor_or_none(), "texts": typed_texts()}
    return make_response(render_template("errors/page.html", status=status, **shown), status)


def register(app: Flask) -> None:
    app.register_error_handler(errors.Refusal, _refused)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(OSError, _disk)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _refused(error: errors.Refusal) -> Response:
    if isinstance(error, errors.Unavailable):
        log.error("%s database unavailable: %s", g.get("request_id"), error.__cause__)
    words = WORDS.get(type(error))
    response = answer(STATUS[type(error)], code=type(error).__name__, words=words() if words else None)
    if isinstance(error, errors.SignInThrottled):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def _forged(_error: CSRFError) -> Response:
    is_signed_out = visitor_or_none() is None
    if wants_json():
        return answer(401) if is_signed_out else answer(400, code="csrf")
    return given_back(400, is_signed_out=is_signed_out) or answer(400, code="csrf")


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    response = answer(error.code, words=_not_seen() if error.code == 403 and g.get("eyes") else None)
    if error.code == 405 and (allowed := getattr(error, "valid_methods", None)):
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _disk(error: OSError) -> Response:
    if error.errno not in _NO_ROOM:
        return _unexpected(error)
    log.error("%s disk: %s", g.get("request_id"), error)
    return answer(503, code=errors.Unavailable.__name__)


def _unexpected(error: Exception) -> Response:
    log.exception("%s unexpected", g.get("request_id"), exc_info=error)
    return answer(500)
