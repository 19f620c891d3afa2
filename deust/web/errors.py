"""Refusals and failures turned into answers: one place decides the status and the words."""

from __future__ import annotations

import errno
import logging
from dataclasses import dataclass

from flask import Flask, Response, g, jsonify, make_response, render_template
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from deust.domain import errors
from deust.domain.flags import InvalidRules
from deust.web.current import is_for_members, sign_in_first, visitor_or_none, wants_json
from deust.web.i18n import LazyText
from deust.web.i18n import gettext as _
from deust.web.i18n import lazy_gettext as lazy
from deust.web.typed import given_back, typed_texts

log = logging.getLogger("deust")


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a person reads: what happened, what was kept, what to do."""

    title: str | LazyText
    happened: str | LazyText
    todo: str | LazyText
    kept: str | LazyText = ""


_OF_STATUS = {
    400: Words(
        title=lazy("Cette page n’est plus à jour."),
        happened=lazy("L’envoi ne correspond pas à la page ouverte, ou il a été modifié en route."),
        kept=lazy("Rien n’a été changé. Ce qui était enregistré l’est toujours."),
        todo=lazy("Revenez en arrière, rechargez la page, puis recommencez."),
    ),
    401: Words(
        title=lazy("Vous n’êtes plus connecté."),
        happened=lazy("Votre session est terminée."),
        kept=lazy("Ce qui était enregistré l’est toujours."),
        todo=lazy("Connectez-vous à nouveau, vous reviendrez au même endroit."),
    ),
    403: Words(
        title=lazy("Cette page ne vous est pas ouverte."),
        happened=lazy("Votre rôle ne donne pas accès à cette page."),
        todo=lazy("Si vous pensez devoir y accéder, écrivez au secrétariat de la formation."),
    ),
    404: Words(
        title=lazy("Cette page n’existe pas."),
        happened=lazy("L’adresse est inexacte, ou ce qu’elle montrait a été déplacé."),
        todo=lazy("Repartez du programme ou cherchez un mot du cours."),
    ),
    405: Words(
        title=lazy("Cette adresse ne s’ouvre pas ainsi."),
        happened=lazy("Elle sert à un envoi de formulaire, pas à une lecture."),
        todo=lazy("Repartez de la page précédente."),
    ),
    409: Words(
        title=lazy("L’état a changé entre-temps."),
        happened=lazy("Ce que vous demandez n’est plus possible dans l’état présent."),
        kept=lazy("Tout ce qui a été enregistré est gardé."),
        todo=lazy("Rechargez la page pour voir l’état présent."),
    ),
    410: Words(
        title=lazy("Ce lien n’est plus valable."),
        happened=lazy("Il a déjà servi, il est trop ancien, ou un plus récent l’a remplacé."),
        todo=lazy("Si vous avez déjà choisi votre mot de passe, connectez-vous. Sinon, demandez un nouveau lien."),
    ),
    413: Words(
        title=lazy("Ce fichier est trop lourd."),
        happened=lazy("L’envoi dépasse la taille acceptée."),
        kept=lazy("Vos réponses déjà enregistrées sont gardées."),
        todo=lazy("Réduisez le fichier, puis envoyez-le à nouveau."),
    ),
    422: Words(
        title=lazy("Cette réponse ne peut pas être lue."),
        happened=lazy("Ce qui a été envoyé ne correspond pas à la question."),
        kept=lazy("Votre réponse précédente est gardée."),
        todo=lazy("Revenez à la question et répondez à nouveau."),
    ),
    429: Words(
        title=lazy("Trop d’essais."),
        happened=lazy("Plusieurs essais ont échoué en peu de temps."),
        todo=lazy("Attendez un instant, puis recommencez."),
    ),
    503: Words(
        title=lazy("Rien n’a pu être enregistré pour l’instant."),
        happened=lazy("Le service ne peut pas écrire en ce moment."),
        kept=lazy("Ce qui était déjà enregistré est gardé. Ce que vous venez d’envoyer ne l’est pas."),
        todo=lazy("Gardez cette page ouverte et recommencez dans une minute."),
    ),
}

_LOOKING = Words(
    title=lazy("Rien ne peut être fait avec les yeux d’un autre."),
    happened=lazy("Vous regardez la plateforme comme un étudiant la voit : aucun envoi n’est accepté."),
    kept=lazy("Rien n’a été changé, ni pour lui, ni pour vous."),
    todo=lazy("Choisissez « Quitter » en haut de la page, puis recommencez."),
)

_NOT_SEEN = Words(
    title=lazy("Cette page ne se voit pas avec les yeux d’un étudiant."),
    happened=lazy(
        "On voit ainsi sa page du jour, son programme, ses modules et leurs activités. "
        "Ses essais, ses devoirs, ses questions et son compte ne s’ouvrent qu’à lui."
    ),
    todo=lazy("Revenez à sa page du jour, ou choisissez « Quitter » en haut de la page pour reprendre les vôtres."),
)

_NOT_ENROLLED = Words(
    title=lazy("Vous n’êtes pas inscrit à cette formation."),
    happened=lazy("Les modules s’ouvrent avec l’inscription. Votre compte n’en a pas, ou elle est terminée."),
    kept=lazy("Ce que vous avez fait est gardé."),
    todo=lazy("Le secrétariat de la formation inscrit. Le programme et les leçons publiques restent ouverts."),
)

_UNKNOWN_RECEIPT = Words(
    title=lazy("Aucun reçu ne porte ce code."),
    happened=lazy("Un code a 28 signes, en sept groupes de quatre. Il en manque un, ou l’un d’eux est faux."),
    todo=lazy("Recopiez-le depuis le reçu, ou demandez-le à nouveau à qui vous l’a donné."),
)

_OF_REFUSAL: dict[type[errors.Refusal], Words] = {
    errors.OnlyLooking: _LOOKING,
    errors.NotEnrolled: _NOT_ENROLLED,
    errors.UnknownReceipt: _UNKNOWN_RECEIPT,
}

STATUS: dict[type[errors.Refusal], int] = {
    errors.NotFound: 404,
    errors.UnknownReceipt: 404,
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
    said. When the database fails meanwhile, that is what is told.
    """
    try:
        return _answer(status, code=code, words=words)
    except errors.Unavailable as error:
        return _refused(error)


def _answer(status: int, *, code: str | None, words: Words | None) -> Response:
    if status >= 500:
        g._login_user = AnonymousUserMixin()  # asking the database who it is would fail again
    words = words or _OF_STATUS.get(status) or _unforeseen()
    if wants_json():
        body = {"error": code or str(status), "message": str(words.title), "request": g.get("request_id")}
        return make_response(jsonify(body), status)
    shown = {"words": words, "request_id": g.get("request_id"), "person": visitor_or_none(), "texts": typed_texts()}
    return make_response(render_template("errors/page.html", status=status, **shown), status)


def _unforeseen() -> Words:
    return Words(
        title=_("Une erreur s’est produite."),
        happened=_("Le service n’a pas pu répondre."),
        kept=_("Tout ce qui était enregistré est gardé."),
        todo=_(
            "Recommencez. Si l’erreur revient, donnez ce numéro au secrétariat : %(id)s", id=g.get("request_id", "-")
        ),
    )


def register(app: Flask) -> None:
    app.register_error_handler(errors.Refusal, _refused)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(OSError, _disk)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _refused(error: errors.Refusal) -> Response:
    if isinstance(error, errors.Unavailable):
        log.error("%s database unavailable: %s", g.get("request_id"), error.__cause__)
    response = answer(STATUS[type(error)], code=type(error).__name__, words=_OF_REFUSAL.get(type(error)))
    if isinstance(error, errors.SignInThrottled):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def _forged(_error: CSRFError) -> Response:
    is_signed_out = visitor_or_none() is None
    if wants_json():
        return answer(401) if is_signed_out else answer(400, code="csrf")
    if (kept := given_back(400, is_signed_out=is_signed_out)) is not None:
        return kept
    return sign_in_first() if is_signed_out and is_for_members() else answer(400, code="csrf")


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    response = answer(error.code, words=_NOT_SEEN if error.code == 403 and g.get("eyes") else None)
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
