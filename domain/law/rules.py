"""
Every refusal, with its provision and the sentence a lawyer reads.

Rules marked `received` concern what arrives from outside: it is recorded and ruled inadmissible in the same save, never refused. All others are acts
of the Commission or records of facts that the law does not allow: nothing is appended.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One refusal: its code, the provision it rests on, and what it says."""

    code: str
    article: str
    sentence: str
    received: bool


RULES: dict[str, Rule] = {}


def _rule(code: str, article: str, sentence: str, *, received: bool = False) -> Rule:
    return RULES.setdefault(code, Rule(code, article, sentence, received))


R01 = _rule("R01", "51(2)", "The training compute is not greater than the threshold in force on that day, so the condition is not met.")
R02 = _rule("R02", "113(b)", "Chapter V applies from 2 August 2025: no act under it can bear an earlier date.")
R03 = _rule("R03", "52(2)", "Arguments can only be presented with the notification itself.", received=True)
R04 = _rule("R04", "52(2), (3)", "There are no pending admissible arguments that this decision could decide.")
R05 = _rule(
    "R05", "Charter 41(2)(a); 94", "The provider must have been heard on a draft, for at least ten working days, before an adverse act is adopted."
)
R06 = _rule(
    "R06", "296 TFEU; Charter 41(2)(c)", "A decision must state its legal basis, its date of adoption, its reasons and the remedies available."
)
R07 = _rule("R07", "Guidelines 2.3.3", "An acceptance must list the facts it relies on and oblige the provider to notify again when they change.")
R08 = _rule("R08", "52(1)", "The Commission was notified of this model before the decision, so it cannot be designated for want of notification.")
R09 = _rule("R09", "52(1), 51(1)(a)", "The decision must establish since when the condition of Article 51(1)(a) has been met.")
R10 = _rule("R10", "52(4), (5); Annex XIII", "All seven points of Annex XIII must have been considered, with the findings recorded.")
R11 = _rule(
    "R11", "52(4), 90, 113", "A designation following an alert needs a complete, standing alert under Article 90(1)(a), received since 2 August 2026."
)
R12 = _rule("R12", "51(1)(b); 52", "A decision on this question is already in force, or adopted and not replaced by this one.")
R13 = _rule("R13", "52(5)", "Reassessment is open only to a model designated under Article 52(4).", received=True)
R14 = _rule("R14", "52(5)", "Reassessment may be requested at the earliest six months after the decision.", received=True)
R15 = _rule("R15", "52(5)", "The request must contain objective, detailed and new reasons that have arisen since the designation.", received=True)
R16 = _rule(
    "R16", "52(5), 54", "Only the current provider, or its mandated representative, may request reassessment, one request at a time.", received=True
)
R17 = _rule("R17", "52(5)", "The Commission has not decided to reassess on this request, so the designation cannot be maintained or lifted on it.")
R18 = _rule("R18", "297(2) TFEU", "The decision this act builds on has not been notified to its addressee, so it has no effect to build on.")
R19 = _rule("R19", "297(2) TFEU", "Only an adopted decision that was not replaced can be notified, to its addressees, and not before its adoption.")
R20 = _rule("R20", "Inalterability of acts", "A rectification corrects a slip, never outcome, basis, addressee, model, reasons or condition date.")
R21 = _rule("R21", "Guidelines 2.3.3", "This act works from its notification; only misleading information lets a conversion reach back.")
R22 = _rule("R22", "Guidelines 2.3.3", "No acceptance is in force that could be turned into a rejection.")
R23 = _rule(
    "R23",
    "Legality of acts in force",
    "A decision resting on the condition stands; revoke or withdraw it first.",
)
R24 = _rule(
    "R24",
    "90(1), (3); 2025/454, 18",
    "A qualified alert needs the majority of the panel's members, the provider's contact, facts and reasons, and a legal basis.",
    received=True,
)
R25 = _rule("R25", "90(2); 2025/454, 19(3)", "The Board must be informed before measures are launched.")
R26 = _rule("R26", "113", "Article 91 applies from 2 August 2026; before that day the request rests on Article 53(3).")
R27 = _rule("R27", "52(6), 78", "The conditions for publishing, changing or removing this entry are not all met.")
R28 = _rule("R28", "78", "What is public is derived from public events only.")
R29 = _rule("R29", "78(2); 2018/1725", "A recorded event is never changed or deleted, and carries no personal data.")
R30 = _rule("R30", "3(5), 54(3)", "The representative's mandate does not cover this filing.", received=True)
R31 = _rule("R31", "Four eyes", "The officer who drafted a decision does not record its adoption.")
R32 = _rule("R32", "52(1)", "The notification lacks the compute figure or the method; the duty is fulfilled once it is completed.", received=True)
R33 = _rule("R33", "3(47), 52, 88", "This role may not record this event.")
R34 = _rule("R34", "Guidelines 2.3.3", "No acceptance is in force that would call for a new notification.", received=True)
R35 = _rule("R35", "52(1), (2)", "A notification can be replaced only while its time limit runs and no decision on it is adopted.", received=True)
R36 = _rule("R36", "52(3)", "A rejection needs both findings: not sufficiently substantiated, and not demonstrated.")
R37 = _rule("R37", "Truth of the record; 297 TFEU", "A fact cannot be recorded before the day on which it happened.")
R38 = _rule("R38", "Guidelines 2.3.3", "An acceptance is only ever converted, and a designation is revoked by its own act.")
R39 = _rule("R39", "Charter 41", "A case with an active ground, anything pending or an un-notified decision stays open; a closed one takes no act.")
R40 = _rule("R40", "52(1); Guidelines 2.3.4", "The time limit for notifying has not certainly expired, and no reasons for going ahead are given.")
R41 = _rule("R41", "Truth of the record", "This is not an error of our record, or not a field that a correction may touch.")
