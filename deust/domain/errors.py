"""Refusals: named facts that the rules raise and one place turns into an answer for a person."""

from __future__ import annotations


class Refusal(Exception):
    """Something asked for cannot be done; the class says why, the attributes say with what."""


class NotFound(Refusal):
    """What was asked for does not exist, or not for the person who asks."""


class UnknownReceipt(Refusal):
    """No receipt has the code that was typed."""


class Forbidden(Refusal):
    """The person is known and may not do this."""


class NotEnrolled(Forbidden):
    """A student, but not of this programme: not enrolled yet, or no longer."""


class OnlyLooking(Refusal):
    """Someone sees with a student's eyes: nothing can be done meanwhile."""


class Unavailable(Refusal):
    """The database cannot answer now: nothing of the present act was kept."""


class Unkeepable(Refusal):
    """A text or a number that the database cannot hold: nothing of the present act was kept."""


class AnswerRefused(Refusal):
    """An answer that cannot be taken; `key` names its question where several were sent together."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.key: str | None = None


class InvalidAnswer(AnswerRefused):
    """An answer that cannot be read as an answer to its question."""


class AnswerTo:
    """What is refused meanwhile is the answer to this question."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, refusal: BaseException | None, _trace: object) -> None:
        if isinstance(refusal, AnswerRefused):
            refusal.key = self._key


class NotYetOpen(Refusal):
    """The item opens later, or after its prerequisites."""


class AttemptClosed(Refusal):
    """The attempt was handed in or its time is over; what it holds no longer changes."""


class NoAttemptLeft(Refusal):
    """Every allowed attempt was used."""


class UnknownQuestion(Refusal):
    """The question is not one of this attempt."""


class SignInRefused(Refusal):
    """Wrong address or password, or an account that cannot sign in: one fact, so that nothing leaks."""


class SignInThrottled(Refusal):
    """Too many failures; the next try is accepted after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"try again in {seconds} s")
        self.seconds = seconds


class LinkExpired(Refusal):
    """An invitation or reset link that is unknown, used, replaced or too old."""


class WeakPassword(Refusal):
    """A new password that the rules refuse; `reason` is one of `short`, `long`, `common`, `personal`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidPerson(Refusal):
    """Something about a person that cannot be kept; `reason` is one of `email`, `email-taken`, `number-taken`, `name`,
    `role`, `arrangement`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ImportRefused(Refusal):
    """A file whose rows cannot all be taken; nothing was written."""


class FileRefused(AnswerRefused):
    """A file that is not accepted; `reason` is one of `empty`, `size`, `type`, `count`, `quota`, `part`, `changed`."""


class NotReady(Refusal):
    """Something cannot be given back yet; `missing` names what lacks, or the copies that are not ready."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


class OffsetMismatch(Refusal):
    """A part that does not follow what was received; the next one begins at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the file goes on at {offset}")
        self.offset = offset


class ThreadClosed(Refusal):
    """The exchange was closed or withdrawn: nothing is added to it."""


class ThreadOpened(Refusal):
    """A tutor has opened the question to answer it: it is no longer taken back."""


class TooManyQuestions(Refusal):
    """As many questions, or messages added to them, as a day allows were sent today: `most` of them."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} a day")
        self.most = most
