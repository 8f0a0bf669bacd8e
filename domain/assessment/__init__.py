"""
Assessments as typed, versioned structures: each is a document, whose hash goes into the event that records it.

None of them changes a status; all may be sources of a designation or a reassessment (procedure 5.11). Texts stay in documents, never in events.
"""
