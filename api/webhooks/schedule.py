"""
When a subscription is tried again, and when it is given up: the schedule of Standard Webhooks 1.0.0.

Changes keep their order: the next one is not sent before this one was taken. So what is given up is the subscription, never a change.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from api.stores.webhooks import State, Subscription
from api.webhooks.sending import Answer

DELAYS = tuple(timedelta(seconds=each) for each in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""How long after each failure in a row the next attempt is made: ten attempts within some three days."""
MOST_JITTER = 0.2
"""The most by which a delay is drawn out, as a part of it."""
LONGEST_WAIT = timedelta(days=1)
GONE = 410


def after_success(seen: Subscription, change: int, at: datetime) -> Subscription:
    """Return how a subscription stands once its receiver has taken a change."""
    return replace(seen, delivered=change, failures=0, due_at=at, why="")


def after_failure(seen: Subscription, answer: Answer, at: datetime, jitter: float) -> Subscription:
    """Return how a subscription stands after a failure; `jitter` is drawn from 0 to 1."""
    failures, why = seen.failures + 1, told(answer)
    if answer.status == GONE:
        return replace(seen, state=State.DEAD, failures=failures, why="the receiver says that it is gone (410)")
    if failures > len(DELAYS):
        return replace(seen, state=State.DEAD, failures=failures, why=f"change {seen.delivered + 1} failed {failures} times, the last time: {why}")
    delay = DELAYS[failures - 1] * (1 + MOST_JITTER * jitter)
    asked = min(timedelta(seconds=answer.retry_after), LONGEST_WAIT)
    return replace(seen, failures=failures, why=why, due_at=at + max(delay, asked))


def told(answer: Answer) -> str:
    """Say in a few words what went wrong."""
    return answer.fault or f"answered {answer.status}"
