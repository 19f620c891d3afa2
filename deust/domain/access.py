"""Who may do what: one table, read by every route."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    STUDENT = "student"
    TUTOR = "tutor"
    MANAGER = "manager"
    ADMIN = "admin"
    COMPANY_TUTOR = "company-tutor"


class Permission(StrEnum):
    """`PUBLIC` needs no account; every other one needs a signed-in person whose role holds it."""

    PUBLIC = "public"
    ACCOUNT_USE = "account:use"
    LEARNING_FOLLOW = "learning:follow"
    LEARNING_READ = "learning:read"
    QUIZ_ANSWER = "quiz:answer"
    ATTEMPT_REVIEW = "attempt:review"
    PEOPLE_ARRANGE = "people:arrange"
    COURSES_INSPECT = "courses:inspect"
    COHORT_FOLLOW = "cohort:follow"
    THREAD_ASK = "thread:ask"
    THREAD_ANSWER = "thread:answer"
    UPLOAD_SEND = "upload:send"
    THREAD_SHARE = "thread:share"


_MESSAGES = {Permission.THREAD_ANSWER, Permission.THREAD_SHARE}
_STAFF = {Permission.ACCOUNT_USE, Permission.LEARNING_READ, Permission.COURSES_INSPECT, Permission.COHORT_FOLLOW}

HELD: Mapping[Role, frozenset[Permission]] = {
    Role.STUDENT: frozenset(
        {
            Permission.ACCOUNT_USE,
            Permission.LEARNING_READ,
            Permission.LEARNING_FOLLOW,
            Permission.QUIZ_ANSWER,
            Permission.THREAD_ASK,
            Permission.UPLOAD_SEND,
        }
    ),
    Role.TUTOR: frozenset(_STAFF | _MESSAGES | {Permission.ATTEMPT_REVIEW, Permission.UPLOAD_SEND}),
    Role.MANAGER: frozenset(_STAFF | {Permission.PEOPLE_ARRANGE, Permission.THREAD_SHARE}),
    Role.ADMIN: frozenset(
        _STAFF | _MESSAGES | {Permission.ATTEMPT_REVIEW, Permission.PEOPLE_ARRANGE, Permission.UPLOAD_SEND}
    ),
    Role.COMPANY_TUTOR: frozenset({Permission.ACCOUNT_USE}),
}


def may(role: Role | None, permission: Permission) -> bool:
    """Whether a person of this role (None when nobody is signed in) holds the permission."""
    if permission is Permission.PUBLIC:
        return True
    return role is not None and permission in HELD[role]
