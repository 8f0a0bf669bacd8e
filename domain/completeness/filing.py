"""From a form that was filled in to what the events of its receipt say: Article 52(1) and (2)."""

from hashlib import sha256
from typing import Any

from domain.assessment.documents import Evidence, document_of
from domain.assessment.filings import ArgumentClaim, ProviderArguments
from domain.completeness.form import NotificationForm, answer
from domain.errors import Malformed

STATED = {
    "trigger": ("trigger", "trigger_on"),
    "estimate": ("estimate_flop", "estimate_reported", "estimate_method", "error_margin_pct"),
}
"""Fields of the form that `NotificationReceived` repeats under the same names."""
NEEDED = ("filer.role", "trigger.trigger", "trigger.trigger_on")


def notification_fields(form: NotificationForm, received: bytes) -> dict[str, Any]:
    """
    Return what `NotificationReceived` says of the notification itself; who filed, when and how is for the recorder to add.

    `received` is the form as it arrived: its hash is the first of the documents. Raises: Malformed without a field that the event cannot do without.
    """
    for path in NEEDED:
        if answer(form, path) is None:
            raise Malformed(path, "is missing: without it the receipt cannot be recorded as a notification")
    filled = form.model_dump(mode="json", exclude_none=True)
    stated = {name: filled[part][name] for part, names in STATED.items() for name in names if name in filled[part]}
    if form.estimate.method_description:
        stated["method_description_hash"] = document_of(form.estimate.method_description)[0]
    sent = [sha256(received).hexdigest(), form.filer.mandate, *(each.sha256 for each in form.documents)]
    return {
        "filer_role": form.filer.role,
        "documents": tuple(dict.fromkeys(each for each in sent if each)),
        **stated,
        "arguments_included": bool(form.arguments.claims),
    }


def arguments_of(form: NotificationForm) -> ProviderArguments | None:
    """
    Return the arguments of a form, item by item; none when there is no claim.

    Raises: Malformed when it is not said whether they rely on mitigations, which nobody may answer for the provider.
    """
    if not form.arguments.claims:
        return None
    if form.arguments.relies_on_mitigations is None:
        raise Malformed("arguments.relies_on_mitigations", "is missing: without it the arguments cannot be recorded")
    titles = {each.sha256: each.title for each in form.documents}
    claims = (
        ArgumentClaim(
            claim=each.claim or "OTHER_CHARACTERISTIC",
            text=each.text or "",
            evidence=tuple(Evidence(title=titles.get(named) or "Document named in the claim", document=named) for named in each.documents),
        )
        for each in form.arguments.claims
    )
    return ProviderArguments(
        claims=tuple(claims), capabilities=form.arguments.capabilities, relies_on_mitigations=form.arguments.relies_on_mitigations
    )


def documents_of(form: NotificationForm, received: bytes) -> dict[str, bytes]:
    """Return what is to be stored with the events: the form as it arrived, the description of the method, the arguments and each claim."""
    stored = {sha256(received).hexdigest(): received}
    if form.estimate.method_description:
        stored |= dict([document_of(form.estimate.method_description)])
    arguments = arguments_of(form)
    return stored | (arguments.to_store() if arguments else {})
