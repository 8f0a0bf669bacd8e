"""Followers and rebuilds that are killed in the middle: what was written stays, and what is missing is folded again."""

from __future__ import annotations

from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event as Signal
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.public_side import public_service
from api.published import published
from api.read_models import rebuild, views
from api.settings import Settings
from api.stores.event_store.factory import open_recorder
from api.wiring import open_register, set_up
from projections.store import OtherVersion
from tests.faults.following import clean, history
from tests.read_models.folding import Portions, ReadSide, record

pytestmark = pytest.mark.slow
PROCESSES = get_context("spawn")
WAIT = 60
CASES = 30


def start(work: Any, *arguments: Any) -> SpawnProcess:
    process = PROCESSES.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def follow(url: str) -> None:
    recorder, side = open_recorder(url), ReadSide(url)
    side.fold(Portions(recorder, 2))
    side.close()
    recorder.close()


def kill(process: SpawnProcess) -> None:
    process.kill()
    process.join(WAIT)


def test_a_follower_killed_again_and_again_leaves_what_an_undisturbed_one_would(register_url: str) -> None:
    recorder, side = open_recorder(register_url), ReadSide(register_url)
    events = history(CASES)
    record(recorder, events)
    reached = [0]
    while len(reached) < 4:
        worker = start(follow, register_url)
        while side.stores[len(reached) % 2].position() <= reached[-1] and worker.is_alive():
            worker.join(0.001)
        kill(worker)
        office, public = (store.position() for store in side.stores)
        assert [row[0] for row in sorted(side.rows()["events"])] == list(range(1, office + 1)), "rows and position moved together"
        reached.append(max(reached[-1], min(office, public)))
    side.fold(recorder)
    assert side.rows() == clean(events)
    side.close()
    recorder.close()


def rebuild_halfway(url: str, reached: Signal) -> None:
    """Begin to rebuild, and stay in the middle."""

    def show(position: int, head: int) -> None:
        reached.set()
        PROCESSES.Event().wait(WAIT)

    rebuild(url, None, show)


def test_a_rebuild_that_is_killed_leaves_the_old_rows_and_the_next_one_works(register_url: str) -> None:
    recorder, side = open_recorder(register_url), ReadSide(register_url)
    events = history(3)
    record(recorder, events)
    side.fold(recorder)
    before, reached = side.rows(), PROCESSES.Event()
    worker = start(rebuild_halfway, register_url, reached)
    assert reached.wait(WAIT)
    kill(worker)
    assert side.rows() == before
    assert rebuild(register_url) == len(events)
    assert side.rows() == before == clean(events)
    assert leftovers(register_url) == []
    side.close()
    recorder.close()


def leftovers(url: str) -> list[str]:
    """Return what a rebuild has left: files, or schemas."""
    if url.startswith("sqlite"):
        return [file.name for file in Path(url.removeprefix("sqlite:///")).iterdir() if "_rebuilt" in file.name]
    store = views(url)
    with store.reading() as rows:
        found = list(rows.exec_driver_sql("SELECT nspname FROM pg_namespace WHERE nspname ~ 'rebuilt|replaced'").scalars())
    store.close()
    return found


def test_only_the_store_of_the_projection_named_is_rebuilt(register_url: str) -> None:
    recorder, side = open_recorder(register_url), ReadSide(register_url)
    events = history(2)
    record(recorder, events)
    rebuild(register_url, "status")
    assert (side.stores[0].position(), side.stores[1].position()) == (len(events), 0)
    rebuild(register_url, "published_list")
    assert side.rows() == clean(events)
    side.close()
    recorder.close()


def test_a_rebuild_repairs_rows_that_were_tampered_with_and_keeps_what_is_no_projection(register_url: str) -> None:
    recorder, side = open_recorder(register_url), ReadSide(register_url)
    events = history(2)
    record(recorder, events)
    side.fold(recorder).public.note("demonstration", "yes")
    office = views(register_url)
    with office.engine.begin() as rows:
        rows.execute(office.metadata.tables["status_spans"].delete())
        rows.execute(office.metadata.tables["cases"].update().values(internal_name="?"))
    office.close()
    assert side.rows() != clean(events)
    rebuild(register_url)
    assert side.rows() == clean(events)
    assert side.public.state().demonstration
    public = published(register_url)
    assert public.position() == len(events)
    public.close()
    side.close()
    recorder.close()


OLDER = [
    "ALTER TABLE {}changes DROP COLUMN updated",
    "ALTER TABLE {}changes RENAME COLUMN updated TO updated_before",
    "ALTER TABLE {}changes ADD COLUMN later INTEGER",
    "DROP TABLE {}law",
]


@pytest.mark.parametrize("change", OLDER)
def test_read_models_of_another_version_are_refused_and_built_anew_by_migrating(register_url: str, change: str) -> None:
    recorder, side = open_recorder(register_url), ReadSide(register_url)
    events = history(2)
    record(recorder, events)
    side.fold(recorder).public.note("demonstration", "yes")
    public = published(register_url)
    with public.engine.begin() as rows:
        rows.exec_driver_sql(change.format(f"{public.schema}." if public.schema else ""))
    with pytest.raises(OtherVersion, match=r"The read store publi(c|shed) was never set up, or is of another version: run `registry migrate`"):
        open_register(Settings(database_url=register_url))
    with pytest.raises(OtherVersion), TestClient(public_service(Settings(database_url=register_url))):
        pass
    set_up(register_url)
    open_register(Settings(database_url=register_url)).close()
    assert side.rows() == clean(events)
    assert side.public.state().demonstration
    public.close()
    side.close()
    recorder.close()
