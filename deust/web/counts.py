"""The numbers beside the words of the navigation."""

from __future__ import annotations

from flask import Response, request

from deust.models.transaction import reading
from deust.queries.waiting import Waiting, counts_of
from deust.web.current import tools, visitor, visitor_or_none


def waiting_counts() -> Waiting | None:
    """What waits for the member of staff who reads; None for anyone who marks nothing."""
    person = visitor()
    if not person.reviews_attempts:
        return None
    with reading() as connection:
        return counts_of(connection, tools().waiting, asker=person, now=tools().clock())


def forget_counts(response: Response) -> Response:
    """Who acts reads counts of this moment on the next page."""
    if request.method != "GET" and (person := visitor_or_none()) is not None:
        tools().waiting.forget(person.person_id)
        tools().queue_news.forget(person.person_id)
    return response
