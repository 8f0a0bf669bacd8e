"""
Asking the witnesses of the public log: sends each new checkpoint with its proof to every one of them, and keeps what they cosign.

Publication waits for the witnesses that answered last time, and never longer than its patience. One that is slow, down or lying goes on being asked,
beside the others, and its cosignature is published when it comes. It is asked at a new checkpoint and after a fixed time, never at an event: so the
time of a request says nothing about what is confidential (Article 78).
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from httpx2 import AsyncClient, HTTPError

from projections.transparency.log import DurableLog, SignedTree, server_time
from projections.transparency.merkle import consistency_path
from projections.transparency.notes import NoteRefused, parse_note
from projections.transparency.policy import Policy, PolicyRefused, Witness
from projections.transparency.tiles import node_reader
from projections.transparency.witnesses import cosignature_in, request, size_told

LOG = logging.getLogger("register.witnesses")
ANSWER_WITHIN = 10.0
"""Seconds in which a witness must have answered a request, from the first connection to the last byte."""
AGAIN_AFTER = 60.0
"""Seconds after which a witness that did not cosign is asked again."""
MOST_ANSWER_BYTES = 64 * 1024
SIZE = "text/x.tlog.size"


def read_policy(file: str, origin: str | None = None) -> Policy:
    """
    Read the policy file of a log, or of any; no file, no witnesses.

    Raises: PolicyRefused, which names the file.
    """
    if not file:
        return Policy()
    try:
        policy = Policy.parse(Path(file).read_bytes())
        return policy if origin is None else policy.of_log(origin)
    except OSError as error:
        raise PolicyRefused(f"{file} (WITNESS_POLICY) cannot be read: {error.strerror}") from None
    except PolicyRefused as refused:
        raise PolicyRefused(f"{file} (WITNESS_POLICY): {refused}") from None


class NotCosigned(Exception):
    """A witness did not cosign; the text says what it did instead."""


class Answer(NamedTuple):
    """What a witness sent back."""

    status: int
    media_type: str
    body: bytes


@dataclass
class Asked:
    """A witness that has an address, and where it stands."""

    witness: Witness
    seen: int = 0
    """Size of the tree that it is believed to have seen last."""
    done: int = 0
    """Size of the tree for which it was last asked to the end, with or without success."""
    answers: bool = True
    """Whether publication waits for it: not after it failed, until it cosigns again."""
    fault: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Witnesses:
    """Keeps the witnesses of a policy up to date with the latest checkpoint; satisfies `projections.transparency.witnesses.Witnessing`."""

    def __init__(
        self,
        store: DurableLog,
        policy: Policy,
        patience: float,
        *,
        answer_within: float = ANSWER_WITHIN,
        again_after: float = AGAIN_AFTER,
        clock: Callable[[], datetime] = server_time,
    ) -> None:
        self.store = store
        self.after_keeping: Callable[[], None] = lambda: None
        self._patience = patience
        self._answer_within = answer_within
        self._again_after = again_after
        self._clock = clock
        self._asked = [Asked(witness) for witness in policy.witnesses if witness.url]
        self._told = 0
        self._kept = 0
        self._moved = threading.Condition()
        self._thread = ThreadPoolExecutor(1, "witnesses")
        self._asking: Future[None] | None = None
        self._running: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()

    def look(self, size: int) -> None:
        """Have the signed tree of a size witnessed, and wait for those who answer, as long as patience lasts."""
        if not self._asked:
            return
        self._tell(size)
        with self._moved:
            self._moved.wait_for(lambda: all(asked.done >= size for asked in self._asked if asked.answers), self._patience)
            for asked in self._asked:
                asked.answers = asked.answers and asked.done >= size

    def kept(self) -> int:
        """Return how many cosignatures were kept so far."""
        return self._kept

    def close(self) -> None:
        """Stop asking; what was sent and not answered is forgotten, and asked again when the log is opened again."""
        if self._asking and not self._asking.done():
            loop, task = self._running.result()
            loop.call_soon_threadsafe(task.cancel)
        self._thread.shutdown()

    # -- In its own thread ---------------------------------------------------------------

    def _tell(self, size: int) -> None:
        """Say once that there is a checkpoint of a size; the first time, begin."""
        if size == self._told:
            return
        self._told = size
        if self._asking is None:
            self._asking = self._thread.submit(asyncio.run, self._ask_all())
            self._asking.add_done_callback(self._ended)
        elif not self._asking.done():
            loop, _ = self._running.result()
            for asked in self._asked:
                loop.call_soon_threadsafe(asked.news.set)

    async def _ask_all(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.set_result((asyncio.get_running_loop(), task))
        # The time of a request is bounded as a whole, by `_post`: a bound on each byte would let a witness send one byte after another for ever.
        with suppress(asyncio.CancelledError):
            async with AsyncClient(timeout=None) as client, asyncio.TaskGroup() as group:
                for asked in self._asked:
                    group.create_task(self._keep_up(asked, client))

    def _ended(self, asking: Future[None]) -> None:
        with self._moved:
            for asked in self._asked:
                asked.answers = False
            self._moved.notify_all()
        if error := asking.exception():
            LOG.critical("Witnesses are not asked any more: %s", error, exc_info=error)

    async def _keep_up(self, asked: Asked, client: AsyncClient) -> None:
        """Bring a witness up to date whenever there is a new checkpoint, and from time to time while it has not cosigned the last one."""
        while True:
            asked.news.clear()
            is_up_to_date = await self._bring_up(asked, client)
            with suppress(TimeoutError):
                async with asyncio.timeout(None if is_up_to_date else self._again_after):
                    await asked.news.wait()

    async def _bring_up(self, asked: Asked, client: AsyncClient) -> bool:
        tree = await asyncio.to_thread(self._latest)
        fault = ""
        if await asyncio.to_thread(self._is_behind, asked, tree):
            try:
                tree = await self._ask(asked, tree, client)
            except (NotCosigned, NoteRefused, HTTPError, TimeoutError) as error:
                fault = str(error) or type(error).__name__
        self._note(asked, tree.size, fault)
        return not fault

    def _note(self, asked: Asked, size: int, fault: str) -> None:
        if fault and fault != asked.fault:
            LOG.warning("The witness %s has not cosigned the checkpoint of %s entries: %s", asked.witness.name, size, fault)
        with self._moved:
            asked.done, asked.answers, asked.fault = size, not fault, fault
            self._moved.notify_all()

    def _latest(self) -> SignedTree:
        latest = self.store.latest()
        assert latest is not None, "witnesses are asked from the first checkpoint on"
        return latest

    def _is_behind(self, asked: Asked, tree: SignedTree) -> bool:
        """Tell whether a witness has not cosigned a tree; what other processes got from it counts."""
        size, _ = self.store.last_cosignature(asked.witness.key.vkey) or (0, "")
        asked.seen = max(asked.seen, size)
        return size < tree.size

    # -- One request ---------------------------------------------------------------------

    async def _ask(self, asked: Asked, tree: SignedTree, client: AsyncClient) -> SignedTree:
        """
        Ask a witness to cosign a tree, and once more from the size that it says it has seen; return the tree that it cosigned.

        Raises: NotCosigned, NoteRefused, HTTPError, TimeoutError.
        """
        answer = await self._post(asked, tree, client)
        if answer.status == 409 and answer.media_type == SIZE:
            asked.seen = size_told(answer.body)
            tree = await asyncio.to_thread(self._latest)  # another process may have signed and shown a larger one meanwhile
            if asked.seen > tree.size:
                raise NotCosigned(f"it has seen {asked.seen} entries: either it lies, or this log's store was restored from an old copy")
            answer = await self._post(asked, tree, client)
        if answer.status != 200:
            raise NotCosigned(f"it answered {answer.status}")
        await asyncio.to_thread(self._keep, asked, tree, answer.body)
        return tree

    async def _post(self, asked: Asked, tree: SignedTree, client: AsyncClient) -> Answer:
        body, url = await asyncio.to_thread(self._request, asked, tree), f"{asked.witness.url}/add-checkpoint"
        plain = {"content-type": "text/plain; charset=utf-8", "accept-encoding": "identity"}
        async with asyncio.timeout(self._answer_within), client.stream("POST", url, content=body, headers=plain, follow_redirects=False) as response:
            received = bytearray()
            async for part in response.aiter_raw():
                received += part
                if len(received) > MOST_ANSWER_BYTES:
                    raise NotCosigned(f"it answered more than {MOST_ANSWER_BYTES} bytes")
            media_type = response.headers.get("content-type", "").partition(";")[0].strip()
            return Answer(response.status_code, media_type, bytes(received))

    def _request(self, asked: Asked, tree: SignedTree) -> bytes:
        old = min(asked.seen, tree.size)
        proof = consistency_path(old, tree.size, node_reader(lru_cache(maxsize=64)(self.store.tile))) if old else []
        return request(old, proof, tree.note)

    def _keep(self, asked: Asked, tree: SignedTree, answer: bytes) -> None:
        """
        Verify and keep a cosignature.

        Raises: NoteRefused.
        """
        key, now = asked.witness.key, self._clock()
        line = cosignature_in(answer, parse_note(tree.note).text, key, now)
        # Commit point: the cosignature is kept; whoever publishes from now on publishes it too.
        self.store.keep_cosignature(tree.size, key.vkey, line, now)
        asked.seen = tree.size
        with self._moved:
            self._kept += 1
        self.after_keeping()
