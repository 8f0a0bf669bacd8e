"""Words of the office for what the record names in capitals."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from api.recording.addresses import kebab
from api.recording.views import FILING_ROLES, READ_ONLY, READERS
from api.stores.access_log import AccessAct
from api.stores.documents import AccessClass, ExceptionTag
from api.stores.sessions import Session
from domain.actors import Actor, Role
from domain.clocks import State
from domain.law.periods import BRUSSELS, legal_day
from domain.model_case.effects import Flags
from domain.status import Ground, Status
from projections.office.inbox import Step, Waiting
from registry_site.office.acts import act_name, provision
from registry_site.office.fields import choice_name
from registry_site.office.figures import in_words, two_figures
from registry_site.ui.words import day_in_words

ROLES = {
    Role.PROVIDER: "Provider",
    Role.AUTHORISED_REPRESENTATIVE: "Authorised representative",
    Role.CASE_OFFICER: "Case officer",
    Role.DECISION_OFFICER: "Decision officer",
    Role.LAW_OFFICER: "Law officer",
    Role.PANEL: "Scientific panel",
    Role.PUBLICATION_OFFICER: "Publication officer",
    Role.AUDITOR: "Auditor",
    Role.PUBLIC: "Public",
    Role.SYSTEM: "The register itself",
}
SHOWN_DIGITS = 8


def role_name(role: Role) -> str:
    """Name a role."""
    return ROLES[role]


def reference(actor: Actor) -> str:
    """Return the beginning of an actor's reference: enough to tell colleagues apart, and no name."""
    return str(actor.ref)[:SHOWN_DIGITS]


def clock_time(moment: datetime) -> str:
    """Write the time of day in Brussels."""
    return moment.astimezone(BRUSSELS).strftime("%H:%M")


def session_until(session: Session) -> str:
    """Say until when a session lasts, to the second, and whether using it makes it longer."""
    at = session.lasts_until.astimezone(BRUSSELS).strftime("%H:%M:%S")
    if session.is_final:
        return f"The session ends at {at}, eight hours after you signed in. What you send later is kept for a day."
    return f"The session ends at {at} unless you open another page."


STEPS = {
    Step.NOTIFY: "The provider notifies the model",
    Step.DECIDE_ON_ARGUMENTS: "Decide on the provider's arguments",
    Step.HEAR: "The provider is heard on a draft",
    Step.ADOPT: "The hearing is over: adopt or drop the act",
    Step.DECIDE_ON_REQUEST: "Decide on a request for reassessment",
    Step.INFORM: "Notify an adopted decision",
    Step.SUPPLY: "The provider supplies information",
    Step.PROCESS_ALERT: "Process a qualified alert",
    Step.PROPOSE_CONTENT: "Propose the content of the entry to the provider",
    Step.CLAIM: "The provider may claim confidentiality",
    Step.DECIDE_ON_CLAIM: "Decide on a claim of confidentiality",
    Step.PUBLISH: "Publish the entry",
    Step.HELD: "Publication is held",
    Step.SLOT: "A publication waits for its slot",
    Step.REMOVE: "Remove the entry from the list",
}
STATUTORY = "Set by law"
HOUSE_RULE = "House rule"
SOURCES = {
    Step.NOTIFY: (STATUTORY, "Article 52(1)"),
    Step.DECIDE_ON_ARGUMENTS: ("No time limit in the Act", "Charter, Article 41(1): a reasonable time"),
    Step.HEAR: (STATUTORY, "Charter, Article 41; Regulation (EU) 2019/1020, Article 18(3)"),
    Step.ADOPT: ("No time limit in the Act", "Charter, Article 41(1): a reasonable time"),
    Step.DECIDE_ON_REQUEST: ("No time limit in the Act", "Charter, Article 41(1): a reasonable time"),
    Step.INFORM: ("No time limit in the Act", "Article 297(2) TFEU: it binds nobody before"),
    Step.SUPPLY: ("Set in the request", "Article 91(4)"),
    Step.PROCESS_ALERT: (STATUTORY, "Implementing Regulation (EU) 2025/454, Article 19(2)"),
    Step.PROPOSE_CONTENT: ("No time limit in the Act", "Article 52(6)"),
    Step.CLAIM: (HOUSE_RULE, "by analogy with Regulation (EC) No 1049/2001, Article 4(4)"),
    Step.DECIDE_ON_CLAIM: ("No time limit in the Act", "Article 78"),
    Step.PUBLISH: ("No time limit in the Act", "Article 52(6)"),
    Step.HELD: ("No time limit in the Act", "Article 52(6)"),
    Step.SLOT: (HOUSE_RULE, "10:00 on the working day after the order"),
    Step.REMOVE: ("No time limit in the Act", "Article 52(6)"),
}
STATUSES = {
    Status.NOT_CLASSIFIED: "Not classified",
    Status.ANTICIPATED: "Anticipated",
    Status.CLASSIFIED: "Classified",
    Status.CLEARED: "Cleared",
    Status.FORMERLY_CLASSIFIED: "Formerly classified",
}
GROUNDS = {
    Ground.PRESUMED: "Presumed, Article 51(1)(a) and (2)",
    Ground.DECLARED: "Declared, Article 52(1)",
    Ground.DESIGNATED: "Designated, Article 52(4)",
}
CLOCKS = {
    "D1": "To notify, Article 52(1)",
    "D1-L": "To notify, Articles 52(1) and 111(3)",
    "D2": "To process an alert, Implementing Regulation (EU) 2025/454, Article 19(2)",
    "D3": "To be heard, Charter, Article 41",
    "D4": "To wait after a designation, Article 52(5)",
    "D5": "To wait after a decision to maintain, Article 52(5)",
    "D6": "To bring an action, Article 263(6) TFEU",
    "D7": "To decide; no time limit in the Act",
    "D8": "To supply information, Article 91(4)",
    "D9": "To claim confidentiality, house rule",
}
STATES = {
    State.RUNNING: "running",
    State.WITHIN_OUTER_LIMIT: "within the outer limit",
    State.PROVISIONAL: "past a day that is in doubt",
    State.LATE: "late",
    State.EXPIRED: "expired",
    State.BARRED: "barred until then",
    State.OPEN: "open since then",
    State.CLOSED: "closed",
}
ACCESSES = {
    AccessAct.SIGNED_IN: "Signed in",
    AccessAct.SIGN_IN_REFUSED: "Was not let in",
    AccessAct.SIGNED_OUT: "Signed out",
    AccessAct.GRANTED: "Was given access",
    AccessAct.WITHDRAWN: "Access was withdrawn",
    AccessAct.READ: "Read",
    AccessAct.DOWNLOADED: "Took away",
    AccessAct.REFUSED: "Was refused",
}
FLAGS = {
    "arguments_pending": "Arguments are pending",
    "hearing_open": "A hearing is open",
    "reassessment_pending": "A request for reassessment waits",
    "notification_overdue": "The notification is overdue",
    "on_union_market": "On the Union market",
    "provisional": "A day hangs on the calendar that was not checked",
    "obligations_deferred_until": "Obligations are deferred, Article 111(3)",
    "action_pending": "An action is pending before the Court",
    "operation_suspended_by_court": "The Court suspended the operation of an act",
    "ending_suspended_by_court": "The Court suspended the ending of a ground",
}


CLASSES = {
    AccessClass.PUBLIC: "Anybody: it holds nothing confidential",
    AccessClass.PROVIDER_FILE: "The office, and the provider in its own file",
    AccessClass.CASE_TEAM: "The office: case officers, decision officers, auditors",
    AccessClass.AUDIT: "Auditors alone",
    AccessClass.PII: "Case officers and auditors: it names persons",
}
"""Who reads a class of documents (procedure section 12)."""
TAGS = {
    ExceptionTag.PRIVACY: "Privacy of a person, 4(1)(b)",
    ExceptionTag.COMMERCIAL_INTERESTS: "Commercial interests, 4(2)",
    ExceptionTag.INVESTIGATIONS: "Investigations, 4(2)",
    ExceptionTag.DECISION_PENDING: "A decision is pending, 4(3)",
}
SIZES = ("bytes", "kB", "MB", "GB")


def class_name(access_class: str) -> str:
    """Say who may read a class of documents."""
    return CLASSES[AccessClass(access_class)]


def size_in_words(size: int) -> str:
    """Write a size in bytes as people read it, in steps of 1024, rounded up: nothing is written smaller than it is."""
    step = next(number for number in range(len(SIZES)) if size < 1024 ** (number + 1) or number == len(SIZES) - 1)
    return f"{-(-size // 1024**step)} {SIZES[step]}"


def flag_words(flags: Flags) -> list[str]:
    """Say what goes with a status."""
    return [words for name, words in FLAGS.items() if getattr(flags, name)]


def source(waiting: Waiting) -> tuple[str, str]:
    """Say who set the time, and by what."""
    legacy = waiting.clock is not None and waiting.clock.clock == "D1-L"
    return (STATUTORY, "Article 111(3)") if legacy else SOURCES[waiting.step]


def urgency(waiting: Waiting, today: date) -> str:
    """Name how urgent something is, for the mark at its edge; the words beside it say the same."""
    if waiting.is_late(today):
        return "late"
    return "provisional" if waiting.is_provisional else "dated" if waiting.due else "open"


def when(waiting: Waiting, today: date) -> str:
    """Say in words how far away the day is."""
    if waiting.due is None:
        return f"Open for {_days((today - waiting.since).days)}"
    distance = (waiting.due - today).days
    if distance < 0:
        return f"{'Overdue by' if waiting.is_late(today) else 'Over for'} {_days(-distance)}"
    return f"In {_days(distance)}" if distance else "Today"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def instant_in_words(moment: datetime) -> str:
    """Write an instant as day and time in Brussels."""
    return f"{day_in_words(legal_day(moment))}, {clock_time(moment)}"


def utc_in_words(moment: datetime) -> str:
    """Write an instant as day and time in UTC."""
    there = moment.astimezone(UTC)
    return f"{day_in_words(there.date())}, {there.strftime('%H:%M:%S')}"


def instant_text(text: str) -> str:
    """Write an instant given as ISO text as day and time in Brussels."""
    return instant_in_words(datetime.fromisoformat(text))


WORDS: dict[str, Any] = {
    "step_name": STEPS.__getitem__,
    "status_name": STATUSES.__getitem__,
    "ground_name": GROUNDS.__getitem__,
    "clock_name": CLOCKS.__getitem__,
    "state_name": STATES.__getitem__,
    "flag_words": flag_words,
    "class_name": class_name,
    "tag_name": TAGS.__getitem__,
    "size_in_words": size_in_words,
    "access_name": ACCESSES.__getitem__,
    "act_name": act_name,
    "provision": provision,
    "choice_name": choice_name,
    "form_of": kebab,
    "source": source,
    "urgency": urgency,
    "when": when,
    "instant_in_words": instant_in_words,
    "instant_text": instant_text,
    "utc_in_words": utc_in_words,
    "in_words": in_words,
    "two_figures": two_figures,
    "exact": Decimal,
    "role_name": role_name,
    "reference": reference,
    "session_until": session_until,
    "FILING_ROLES": FILING_ROLES,
    "READS_CASES": READ_ONLY,
    "READS_ALERTS": READERS["alert"],
}
"""What templates may call."""
