"""
Whether a notification is complete, on three levels kept apart: what the law requires, what the Guidelines expect, what is good practice.

The check looks at what is there. Whether it is right, and enough, is for the Commission to say; so nothing here passes judgement on a provider.
"""
