"""How a command can fail. Everything else that is raised is a bug."""

from domain.law.rules import Rule


class Refused(Exception):
    """The law does not allow the act; nothing was recorded."""

    def __init__(self, rule: Rule, detail: str = "") -> None:
        super().__init__(f"{rule.code} ({rule.article}): {detail or rule.sentence}")
        self.rule = rule
        self.detail = f"{rule.sentence} {detail}".strip()


class NotInRegister(Exception):
    """A record, or something an event refers to, is not in the register."""


class AlreadyInRegister(Exception):
    """The record already says so, or another record holds what may be there only once."""


class Malformed(Exception):
    """A value contradicts its own event, whatever the law says; `field` names it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field
        self.sentence = sentence


class Stale(Exception):
    """Somebody recorded meanwhile: the version seen is not the last one."""

    def __init__(self, seen: int, last: int) -> None:
        super().__init__(f"The record is at version {last}, not {seen}: read it again and decide again.")
        self.seen = seen
        self.last = last


class TooBusy(Exception):
    """Every attempt to record lost the race against somebody else's; nothing was recorded."""


class KeyReused(Exception):
    """An idempotency key came back with another request; nothing was recorded."""


class ClockBehind(Exception):
    """The time of recording lies before the last recorded one; `last` is in microseconds since 1970, UTC."""

    def __init__(self, last: int) -> None:
        super().__init__(f"The last event was recorded at {last} microseconds")
        self.last = last


def require(condition: object, rule: Rule, detail: str = "") -> None:
    """Raise `Refused(rule)` unless the condition holds."""
    if not condition:
        raise Refused(rule, detail)
