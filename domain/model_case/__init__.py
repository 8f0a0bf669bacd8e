"""
The case of one model lineage, one module for each paragraph of the law.

Each module holds its events, then the questions one may ask of them, then the decisions on recording them.
"""

from domain.model_case import arguments, decision, designation, follow_up, identity, notification, reassessment, threshold

__all__ = ["arguments", "decision", "designation", "follow_up", "identity", "notification", "reassessment", "threshold"]
