"""Rulings that what arrived from outside has no effect: in the same save as what they rule on (procedure section 0, rule 12)."""

from typing import ClassVar

from domain.actors import Role
from domain.ids import Kind
from domain.law.rules import Rule
from domain.record import Fact
from domain.types import SubmissionId, Text

RULED_BY = frozenset({Role.CASE_OFFICER, Role.SYSTEM})


class Inadmissible(Fact):
    """A ruling that a filing has no effect; `cause_code` is the rule, `article` its provision."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("case",)
    RECORDED_BY: ClassVar[frozenset[Role]] = RULED_BY

    article: Text
    cause_code: Text


class SubmissionRuledInadmissible(Inadmissible):
    """A filing, or an alert, was ruled to have no effect."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("case", "alert")

    submission_id: SubmissionId


def ruled(rule: Rule) -> dict[str, str]:
    """Return the fields by which a ruling names its rule."""
    return {"article": rule.article, "cause_code": rule.code}
