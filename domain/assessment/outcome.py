"""Reports on a decision, and the facts of an open-source release (Articles 52, 53(2) and 54(6); Charter, Article 41; Article 78)."""

from typing import Literal, Protocol, Self

from pydantic import model_validator

from domain.assessment.documents import Evidence, Prose, Structure, document_of, hashes
from domain.model_case.follow_up import OpenSourceReleaseRecorded, OutcomeReportFiled
from domain.record import Fact
from domain.types import Bool, Day, DecisionId, Text

# -- The outcome -------------------------------------------------------------------


class EvidenceConsidered(Evidence):
    """Evidence that a decision rests on, what was made of it, and whether the provider may see it (Charter, Article 41(2)(b))."""

    assessment: Prose | None = None
    open_to_provider: Bool = True


class OutcomeForProvider(Structure):
    """The report as the provider sees it: without what belongs to others, and saying how much is left out."""

    commission_ref: Text
    rationale: Prose
    analysis: Prose
    evidence: tuple[EvidenceConsidered, ...]
    evidence_withheld: int
    follow_up: Prose | None = None


class OutcomeForPublic(Structure):
    """The report as everybody may see it: the decision's own reference and a summary, nothing else of the case."""

    commission_ref: Text
    summary: Prose


class OutcomeReport(Structure):
    """Why a decision was taken: rationale, evidence considered, analysis, follow-up."""

    decision_id: DecisionId
    commission_ref: Text
    rationale: Prose
    evidence: tuple[EvidenceConsidered, ...] = ()
    analysis: Prose
    follow_up: Prose | None = None
    public_summary: Prose | None = None
    cleared_for_publication: Bool = False

    @model_validator(mode="after")
    def _cleared_only_with_a_summary(self) -> Self:
        if self.cleared_for_publication and self.public_summary is None:
            raise ValueError("cleared_for_publication: there is no public_summary that could be cleared")
        return self

    @property
    def for_provider(self) -> OutcomeForProvider:
        """The version for the provider."""
        shown = tuple(each for each in self.evidence if each.open_to_provider)
        return OutcomeForProvider(
            commission_ref=self.commission_ref, rationale=self.rationale, analysis=self.analysis, evidence=shown,
            evidence_withheld=len(self.evidence) - len(shown), follow_up=self.follow_up,
        )  # fmt: skip

    @property
    def for_public(self) -> OutcomeForPublic | None:
        """The public version; none unless it was cleared."""
        if self.public_summary is None or not self.cleared_for_publication:
            return None
        return OutcomeForPublic(commission_ref=self.commission_ref, summary=self.public_summary)

    def to_events(self) -> tuple[Fact, ...]:
        """Return the event that files the report with its versions."""
        public = self.for_public
        return (
            OutcomeReportFiled(
                decision_id=self.decision_id,
                rationale_hash=document_of(self.rationale)[0],
                documents=(self.digest, self.for_provider.digest, *hashes(self.evidence)),
                follow_up_hash=document_of(self.follow_up)[0] if self.follow_up else None,
                public_version_hash=public.digest if public else None,
            ),
        )

    def to_store(self) -> dict[str, bytes]:
        versions = [each for each in (self.for_provider, self.for_public) if each]
        texts = [text for text in (self.rationale, self.follow_up) if text]
        return {**super().to_store(), **{each.digest: each.document for each in versions}, **dict(map(document_of, texts))}


# -- Open source, Articles 53(2) and 54(6) --------------------------------------------

Permission = Literal["ACCESS", "USAGE", "MODIFICATION", "DISTRIBUTION"]
PERMISSIONS: tuple[Permission, ...] = ("ACCESS", "USAGE", "MODIFICATION", "DISTRIBUTION")
"""What a free and open-source licence allows; a limit on users or a non-commercial clause takes it away (Guidelines, section 4)."""
MADE_PUBLIC = {
    "weights_public": "the parameters, including the weights, are not public",
    "architecture_public": "the information on the architecture is not public",
    "usage_public": "the information on usage is not public",
}
EXEMPTED = ("53(1)(a)", "53(1)(b)", "54")
"""What such a release exempts from, unless the model presents systemic risks. There is no exemption from Article 52."""


class Release(Protocol):
    """The facts of a release, as a structure or as an event."""

    @property
    def monetised(self) -> bool: ...
    @property
    def weights_public(self) -> bool: ...
    @property
    def architecture_public(self) -> bool: ...
    @property
    def usage_public(self) -> bool: ...


def lacking(release: Release) -> tuple[str, ...]:
    """Return what keeps a release from exempting its provider (Article 53(2); Guidelines, section 4)."""
    hidden = tuple(why for name, why in MADE_PUBLIC.items() if not getattr(release, name))
    return (*hidden, "the model is monetised") if release.monetised else hidden


class OpenSourceRelease(Structure):
    """The release of a model under a free and open-source licence; the procedure is the same as for every model."""

    licence: Text
    permits: tuple[Permission, ...]
    weights_public: Bool
    architecture_public: Bool
    usage_public: Bool
    monetised: Bool
    on: Day
    evidence: tuple[Evidence, ...] = ()

    @model_validator(mode="after")
    def _is_free_and_open(self) -> Self:
        barred = [each.lower() for each in PERMISSIONS if each not in self.permits]
        if barred:
            raise ValueError(f"permits: a licence that does not allow {' and '.join(barred)} is not free and open-source (Article 53(2))")
        return self

    def exempts_from(self, *, classified: bool) -> tuple[str, ...]:
        """Return the provisions that do not apply; on classification the exemptions fall away."""
        return () if classified or lacking(self) else EXEMPTED

    def to_events(self) -> tuple[Fact, ...]:
        """Return the event that records the release."""
        stated = self.model_dump(include={"licence", "weights_public", "architecture_public", "usage_public", "monetised", "on"})
        return (OpenSourceReleaseRecorded(**stated),)
