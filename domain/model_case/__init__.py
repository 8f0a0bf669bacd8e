"""
The case of one model lineage, one module for each paragraph of the law.

Each module holds its events, then the questions one may ask of them, then the decisions on recording them.
"""

from domain.model_case import (
    arguments,
    closing,
    courts,
    decision,
    designation,
    finding,
    follow_up,
    identity,
    information,
    notification,
    provider,
    reassessment,
    reassessment_acts,
    threshold,
    undoing,
)

__all__ = [
    "arguments",
    "closing",
    "courts",
    "decision",
    "designation",
    "finding",
    "follow_up",
    "identity",
    "information",
    "notification",
    "provider",
    "reassessment",
    "reassessment_acts",
    "threshold",
    "undoing",
]
