"""What a service does by itself, beside its answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from sqlalchemy.exc import OperationalError

LOG = logging.getLogger("register.service")


def in_background(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Run beside the answers; a fault that ends it is logged when it happens, and whoever holds the task can see that it is done."""
    task = asyncio.create_task(work)
    task.add_done_callback(_tell)
    return task


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (fault := task.exception()):
        LOG.critical("What the service does by itself has stopped: %s", fault, exc_info=fault)


async def every(seconds: float, look: Callable[[], Awaitable[None]], passing: tuple[type[Exception], ...] = (OperationalError,)) -> None:
    """Look for what is due, again and again. A fault that passes, like a database that is away, is logged once, and the next look tries again."""
    waits = False
    while True:
        try:
            await look()
            waits = False
        except passing as fault:
            if not waits:
                LOG.error("What is due waits, and is tried again every %s seconds: %s", seconds, fault)
            waits = True
        await asyncio.sleep(seconds)


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended, however it ended."""
    task.cancel()
    await asyncio.wait([task])
