"""
The notification form: what a provider fills in, every answer typed, none demanded, so that a draft can be checked (Article 52(1)).

What each field asks for, and on which level it is looked for, stands in the expectations, which are dated data. A form is a confidential document;
names of persons stay in it and never come into an event.
"""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from domain import compute
from domain.assessment.documents import Prose
from domain.assessment.threshold import Method
from domain.model_case.arguments import Claim
from domain.model_case.case import FilerRole
from domain.model_case.provider import PersonKind
from domain.types import Bool, ComponentKind, Country, Day, DecimalText, Flop, Int, Payload, Sha256, Text

LONGEST_LIST = 200


class Item(Payload):
    """One of several: filled in enough to be read, or left out."""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "Item":
        lacking = [name for name in NEEDED[type(self).__name__] if getattr(self, name) is None]
        if lacking:
            raise ValueError(f"{' and '.join(lacking)} must be filled in, or the whole item left blank")
        return self


def is_blank(item: object) -> bool:
    """Tell whether an item of a list was left blank in the form."""
    return isinstance(item, dict) and all(value in (None, [], ()) for value in item.values())


def _not_too_many(items: object) -> object:
    """Say so before each of them is read."""
    if isinstance(items, list | tuple) and len(items) > LONGEST_LIST:
        raise ValueError(f"must have at most {LONGEST_LIST} items")
    return items


def _without_blanks(items: object) -> object:
    return _not_too_many([item for item in items if not is_blank(item)] if isinstance(items, list | tuple) else items)


_few = Field(max_length=LONGEST_LIST)
_few_in_time = BeforeValidator(_not_too_many)


class ComponentItem(Item):
    """A part of the training compute; what counts is taken from the Guidelines unless it is stated."""

    kind: ComponentKind | None = None
    flop: Flop | None = None
    counted: Bool | None = None
    discarded_included: Bool | None = None


class ClaimItem(Item):
    """A claim that the model presents no systemic risk, with the documents it rests on."""

    claim: Claim | None = None
    text: Prose | None = None
    documents: Annotated[tuple[Sha256, ...], _few, _few_in_time] = ()


class DocumentItem(Item):
    """A document sent with the form."""

    title: Text | None = None
    sha256: Sha256 | None = None


NEEDED = {"ComponentItem": ("kind", "flop"), "ClaimItem": ("claim", "text"), "DocumentItem": ("title", "sha256")}
_blanks_left_out = BeforeValidator(_without_blanks)
Components = Annotated[tuple[ComponentItem, ...], _few, _blanks_left_out]
Claims = Annotated[tuple[ClaimItem, ...], _few, _blanks_left_out]
Documents = Annotated[tuple[DocumentItem, ...], _few, _blanks_left_out]


class ProviderPart(Payload):
    """Whose model it is (Article 3(3))."""

    name: Text | None = None
    kind: PersonKind | None = None
    country: Country | None = None
    in_union: Bool | None = None


class FilerPart(Payload):
    """Who files: the provider itself, or somebody for it (Articles 3(5), 54)."""

    role: FilerRole | None = None
    name: Text | None = None
    mandate_scope: Annotated[tuple[Literal["ARTICLE_52", "ARTICLES_53_55", "ALL"], ...], _few, _few_in_time] = ()
    mandate: Sha256 | None = None


class ModelPart(Payload):
    """Which model it is."""

    name: Text | None = None
    marketed_names: Annotated[tuple[Text, ...], _few, _few_in_time] = ()


class TriggerPart(Payload):
    """What made the notification due, and when (Article 52(1); Guidelines 3.2)."""

    trigger: compute.Trigger | None = None
    trigger_on: Day | None = None
    became_known_on: Day | None = None
    modification_flop: Flop | None = None
    original_flop: Flop | None = None
    original_model: Text | None = None


class EstimatePart(Payload):
    """The figure, and how it was reached (Guidelines 2.3.2 and annex)."""

    estimate_flop: Flop | None = None
    estimate_reported: Text | None = None
    estimate_method: Method | None = None
    method_description: Prose | None = None
    approximations: Prose | None = None
    assumptions: Prose | None = None
    error_margin_pct: DecimalText | None = None
    components: Components = ()


class ArgumentsPart(Payload):
    """Arguments presented with the notification; included when there is a claim (Article 52(2); Guidelines 2.3.3)."""

    claims: Claims = ()
    capabilities: Literal["ACHIEVED", "FORECAST"] | None = None
    relies_on_mitigations: Bool | None = None
    benchmarks: Prose | None = None
    architecture: Prose | None = None
    parameters: Flop | None = None
    training_examples: Flop | None = None
    data_curation: Prose | None = None
    training_techniques: Prose | None = None
    modalities: Prose | None = None
    tool_use: Prose | None = None
    context_length: Int | None = None


class DocumentationPart(Payload):
    """The fields of the Model Documentation Form of the Code of Practice, all voluntary here."""

    provider_legal_name: Text | None = None
    model_name: Prose | None = None
    model_authenticity: Prose | None = None
    release_date: Day | None = None
    union_market_release_date: Day | None = None
    model_dependencies: Prose | None = None
    architecture: Prose | None = None
    design_specifications: Prose | None = None
    input_modalities: Prose | None = None
    output_modalities: Prose | None = None
    total_model_size: Flop | None = None
    distribution_channels: Prose | None = None
    licence: Prose | None = None
    acceptable_use_policy: Prose | None = None
    intended_uses: Prose | None = None
    ai_system_types: Prose | None = None
    technical_means: Prose | None = None
    required_hardware: Prose | None = None
    required_software: Prose | None = None
    training_design: Prose | None = None
    decision_rationale: Prose | None = None
    data_type: Prose | None = None
    data_provenance: Prose | None = None
    data_selection: Prose | None = None
    data_points: Prose | None = None
    data_scope: Prose | None = None
    data_curation: Prose | None = None
    unsuitable_data_measures: Prose | None = None
    bias_measures: Prose | None = None
    training_time: Prose | None = None
    training_compute: Flop | None = None
    compute_methodology: Prose | None = None
    training_energy: Flop | None = None
    energy_methodology: Prose | None = None
    inference_compute: Prose | None = None
    inference_methodology: Prose | None = None


def _version(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be 1")
    return 1 if value == "1" else value


class NotificationForm(Payload):
    """A notification of a general-purpose AI model that meets the condition of Article 51(1), point (a), or will meet it."""

    schema_version: Annotated[Literal[1], BeforeValidator(_version)]
    provider: ProviderPart = ProviderPart()
    filer: FilerPart = FilerPart()
    model: ModelPart = ModelPart()
    trigger: TriggerPart = TriggerPart()
    estimate: EstimatePart = EstimatePart()
    arguments: ArgumentsPart = ArgumentsPart()
    documents: Documents = ()
    documentation: DocumentationPart = DocumentationPart()


# -- The fields ----------------------------------------------------------------------


class Leaf(NamedTuple):
    """A field that is filled in: its path, in which `[]` stands for the number of an item, and whether it takes several answers."""

    path: str
    several: bool


def leaves(part: type[BaseModel] = NotificationForm, under: str = "") -> Iterator[Leaf]:
    """Return every field of the form, in its order."""
    for name, info in part.model_fields.items():
        inner, several = _inner(info.annotation)
        path = f"{under}{name}"
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from leaves(inner, f"{path}[]." if several else f"{path}.")
        else:
            yield Leaf(path, several)


def _inner(annotation: Any) -> tuple[Any, bool]:
    """Return the type of one answer, and whether there may be several."""
    if hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(inner for inner in get_args(annotation) if inner is not type(None))
    if get_origin(annotation) is tuple:
        return get_args(annotation)[0], True
    return annotation, False


def answer(form: NotificationForm, path: str) -> Any:
    """Return what was filled in at a path; None when nothing was."""
    found: Any = form
    for name in path.split("."):
        found = getattr(found, name)
    return None if found == () else found
