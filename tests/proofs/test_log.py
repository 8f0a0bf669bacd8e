"""The log: what stands in it, what it promises, how it is published, and when it stops."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import exc, text

from api.stores.log_store import LogStore, NoLog, OriginKept
from domain.public import PUBLIC
from projections.transparency.leaves import public_leaf
from projections.transparency.log import LogForked, origin_of
from projections.transparency.merkle import leaf_hash, root_of
from projections.transparency.notes import Signer, open_checkpoint
from projections.transparency.proofs import verify_receipt
from projections.transparency.tiles import unbundle
from projections.transparency.verification import again, verify_log
from tests.proofs.logs import ORIGIN, SECRET, SIGNER, Opened, opened, record, state, threshold


def differences(found: Opened, *verifiers: Signer) -> list[str]:
    keys = [signer.verifier for signer in (SIGNER, *verifiers)]
    return list(verify_log(found.store, found.events, again(public_leaf), keys, found.answers))


# -- Leaves ----------------------------------------------------------------------------


def test_a_leaf_is_the_public_payload_and_nothing_of_the_envelope() -> None:
    leaf = public_leaf("ThresholdAmended", state({**threshold(2), "internal_note": SECRET}))
    assert leaf == (
        b'{"payload":{"applies_from":"2026-02-01","oj_ref":"OJ L, 2026/2","presumptions_kept":true,"published_on":"2026-01-01","threshold_version":2,'
        b'"value_flop":"20000000000000000000000000"},"topic":"ThresholdAmended"}'
    )


def test_an_event_that_is_not_on_the_allow_list_has_no_leaf() -> None:
    assert public_leaf("ThresholdMet", state({"anything": SECRET})) is None


def test_public_fields_that_are_not_what_their_class_says_stop_the_log() -> None:
    with pytest.raises(ValueError, match="value_flop"):
        public_leaf("ThresholdAmended", state({**threshold(1), "value_flop": 10}))


def test_no_public_payload_declares_a_field_of_the_envelope() -> None:
    envelope = {"event_id", "stream", "version", "recorded_at", "actor_ref", "role", "correlation", "cause", "law", "settings_version"}
    assert [(topic, name) for topic, payload in PUBLIC.items() for name in payload.model_fields if name in envelope] == []


# -- Following ---------------------------------------------------------------------------


def test_public_events_become_leaves_in_the_order_of_the_store(store_url: str) -> None:
    with opened(store_url) as found:
        found.record(1, 2)
        found.record(1, 2, 3, confidential=True)
        found.record(3)
        entries = unbundle(found.get("tile/entries/000.p/3"))
        assert [orjson.loads(entry)["payload"]["threshold_version"] for entry in entries] == [1, 2, 3]
        assert found.store.entries(0, 3) == entries
        assert found.log.position() == found.store.position() == found.events.head()
        assert [tree.size for tree in found.trees()] == [2, 3]
        checkpoint = open_checkpoint(found.get("checkpoint"), [SIGNER.verifier])
        assert checkpoint.root == root_of(map(leaf_hash, entries))
        assert differences(found) == []


def test_confidential_events_move_the_position_and_nothing_that_is_public(store_url: str) -> None:
    with opened(store_url) as found:
        found.record(1)
        before = (found.get("checkpoint"), found.get("receipt/0.tlog-proof"), found.get("tile/0/000.p/1"))
        found.record(*range(1, 40), confidential=True)
        assert (found.get("checkpoint"), found.get("receipt/0.tlog-proof"), found.get("tile/0/000.p/1")) == before
        assert found.log.position() == found.events.head()


def test_a_log_without_entries_signs_and_serves_nothing() -> None:
    with opened() as found:
        found.record(1, confidential=True)
        assert found.trees() == []
        assert found.answers.answer("checkpoint").status == 404
        assert differences(found) == []


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(1, 50))
def test_what_is_public_depends_on_the_entries_and_not_on_the_steps(batches: list[int], limit: int) -> None:
    total = sum(batches)
    with opened() as one, opened() as other:
        one.record(*range(1, total + 1))
        first = 1
        for many in batches:
            record(other.events, *range(first, first + many), confidential=True)
            record(other.events, *range(first, first + many))
            while other.log.step(other.events, limit):
                pass
            first += many
        paths = ["checkpoint", "key", "receipt/0.tlog-proof", f"receipt/{total - 1}.tlog-proof", "tile/0/000.p/1"]
        paths += [f"tile/0/000.p/{width}" for width in range(2, min(total, 255) + 1)] + [f"tile/entries/000.p/{min(total, 255)}"]
        assert [one.get(path) for path in paths] == [other.get(path) for path in paths]


def test_a_long_log_is_read_in_batches_and_verified_whole() -> None:
    with opened() as found:
        found.record(*range(1, 701))
        assert [tree.size for tree in found.trees()] == [700]
        for index in (0, 255, 256, 511, 512, 699):
            proved = verify_receipt(found.get(f"receipt/{index}.tlog-proof"), [SIGNER.verifier.vkey])
            assert proved.entry == found.get(f"entry/{index}")
            assert verify_receipt(found.get(f"receipt/{index}.spicy"), [SIGNER.verifier.vkey], proved.entry) == proved
        assert differences(found) == []


# -- Origin and keys -----------------------------------------------------------------------


def test_an_origin_is_chosen_once(store_url: str) -> None:
    with opened(store_url) as found:
        assert found.store.choose_origin(ORIGIN) == ORIGIN == found.store.origin()
        with pytest.raises(OriginKept, match=ORIGIN):
            found.store.choose_origin("elsewhere.example/log")


def test_a_log_without_an_origin_is_not_followed(store_url: str) -> None:
    store = LogStore(store_url, "case")
    store.create()
    assert store.origin() is None
    with pytest.raises(NoLog):
        store.position()
    store.close()


@pytest.mark.parametrize(
    ("address", "demonstration", "origin"),
    [
        ("https://register.example.eu/gpai-sr/", False, "register.example.eu/gpai-sr/log"),
        ("register.example.eu", False, "register.example.eu/log"),
        ("http://127.0.0.1:8000", True, "127.0.0.1:8000/log/demonstration"),
    ],
)
def test_an_origin_is_the_prefix_without_scheme_and_a_demonstration_says_so(address: str, demonstration: bool, origin: str) -> None:
    assert origin_of(address, demonstration=demonstration) == origin


@pytest.mark.parametrize("address", ["", "https://", "https://registér.eu", "https://a b", "https://a/?x", "a+b"])
def test_an_address_that_no_key_can_be_named_after_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="no log can have the origin"):
        origin_of(address, demonstration=False)


def test_after_a_rotation_the_new_key_signs_the_same_tree_and_old_checkpoints_hold(tmp_path: Path) -> None:
    url, fresh = f"sqlite:///{tmp_path}", Signer(ORIGIN, b"\x09" * 32)
    with opened(url) as found:
        found.record(1)
        old = found.get("checkpoint")
    with opened(url, signer=fresh) as found:
        found.catch_up()
        new = found.get("checkpoint")
        assert open_checkpoint(new, [fresh.verifier]) == open_checkpoint(old, [SIGNER.verifier])
        assert found.get("key").decode() == fresh.verifier.vkey + "\n"
        assert found.get("keys").decode().splitlines() == [fresh.verifier.vkey, SIGNER.verifier.vkey]
        assert [(tree.size, tree.key_id) for tree in found.trees()] == [(1, SIGNER.verifier.id), (1, fresh.verifier.id)]
        found.record(2)
        assert differences(found, fresh) == []


# -- Promises ----------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["leaves", "trees", "checkpoints"])
@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET log = 'other'"])
def test_what_was_promised_is_neither_changed_nor_removed(store_url: str, table: str, act: str) -> None:
    with opened(store_url) as found:
        found.record(1)
        name = f"log.{table}" if store_url.startswith("postgresql") else table
        with pytest.raises(exc.DBAPIError, match="never changed or removed"), found.store.engine.begin() as rows:
            rows.execute(text(act.format(name)))
        assert differences(found) == []


def test_another_root_of_a_size_is_never_signed(store_url: str) -> None:
    with opened(store_url) as found:
        found.record(1)
        asked = []
        with pytest.raises(LogForked):
            found.store.sign(1, b"\0" * 32, b"four", lambda: asked.append("signed") or b"", found.log.clock())
        assert asked == []
        assert not found.store.sign(1, found.trees()[0].root, SIGNER.verifier.id, lambda: b"", found.log.clock())


def test_a_smaller_tree_is_not_signed_after_a_larger_one(store_url: str) -> None:
    with opened(store_url) as found:
        found.record(1, 2)
        assert not found.store.sign(1, b"\0" * 32, SIGNER.verifier.id, lambda: b"", found.log.clock())
        assert [tree.size for tree in found.trees()] == [2]


def test_cosignatures_are_kept_once(store_url: str) -> None:
    with opened(store_url) as found:
        for line in ("— witness.example AAAA\n", "— witness.example BBBB\n"):
            found.store.keep_cosignature(1, "witness.example", line, found.log.clock())
        assert found.store.cosignatures(1) == ["— witness.example AAAA\n"]


# -- Lost and restored stores ----------------------------------------------------------------


def test_a_lost_public_store_is_published_again_byte_for_byte(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}"
    with opened(url) as found:
        found.record(*range(1, 301))
        before = [found.get(path) for path in ("checkpoint", "tile/0/000", "tile/entries/001.p/44", "receipt/299.tlog-proof")]
        found.public.discard()
    with opened(url) as found:
        found.catch_up()
        assert [found.get(path) for path in ("checkpoint", "tile/0/000", "tile/entries/001.p/44", "receipt/299.tlog-proof")] == before


def test_a_lost_log_store_is_sequenced_again_and_agrees_with_what_is_published(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}"
    with opened(url) as found:
        found.record(*range(1, 301))
        before = found.get("checkpoint")
    remove_log(tmp_path)
    with opened(url) as found:
        while found.log.step(found.events, 7):
            assert all(tree.size >= 300 for tree in found.trees()), "no tree smaller than the published one is signed again"
        assert found.get("checkpoint") == before
        found.record(301)
        assert differences(found) == []


def test_a_log_of_other_events_than_the_published_one_stops(tmp_path: Path) -> None:
    one, other = f"sqlite:///{tmp_path / 'one'}", f"sqlite:///{tmp_path / 'other'}"
    with opened(one) as found:
        found.record(1, 2)
    with opened(other) as found:
        found.record(7, 8)
    (tmp_path / "one" / "public.db").write_bytes((tmp_path / "other" / "public.db").read_bytes())
    with opened(one) as found, pytest.raises(LogForked, match="another root"):
        found.catch_up()


def test_events_that_give_less_than_is_published_stop_the_log(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}"
    with opened(url) as found:
        found.record(1, 2)
    remove_log(tmp_path)
    (tmp_path / "events.db").unlink()
    with opened(url) as found, pytest.raises(LogForked, match="2 entries is published, but the events give 1"):
        found.record(1)


def remove_log(folder: Path) -> None:
    for file in folder.glob("log.db*"):
        file.unlink()


# -- Verification ------------------------------------------------------------------------


TAMPERING = {
    "an entry": ("log.db", "UPDATE leaves SET entry = x'00' WHERE number = 3", "Leaf 3 is not"),
    "a hash": ("log.db", "UPDATE leaves SET hash = zeroblob(32) WHERE number = 3", "hash of leaf 3"),
    "order": ("log.db", "UPDATE leaves SET position = position + 1000 WHERE number = 3", "Leaf 3 does not name"),
    "a missing leaf": ("log.db", "DELETE FROM leaves WHERE number = 3", "Leaf 3 is not"),
    "a tile": ("log.db", "UPDATE tiles SET hashes = zeroblob(length(hashes)) WHERE level = 0", "stored tile/0/000.p/5"),
    "a root": ("log.db", "UPDATE trees SET root = zeroblob(32)", "another size or root"),
    "a signature": (
        "log.db",
        "UPDATE checkpoints SET note = CAST(replace(note, '=', 'A') AS BLOB)",
        "checkpoint of 5 entries does not hold",
    ),
    "a published entry": ("public.db", "UPDATE log_bundles SET entry = x'00' WHERE number = 3", "published tile/entries/000.p/5"),
    "a published tile": ("public.db", "UPDATE log_tiles SET hashes = zeroblob(length(hashes))", "published tile/0/000.p/5"),
    "a published checkpoint": ("public.db", "UPDATE log_checkpoint SET note = x'00'", "published checkpoint does not hold"),
    "nothing published": ("public.db", "DELETE FROM log_checkpoint", "none is published"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_verification_names_what_was_tampered_with(tmp_path: Path, what: str) -> None:
    file, statement, sentence = TAMPERING[what]
    url = f"sqlite:///{tmp_path}"
    with opened(url) as found:
        found.record(*range(1, 6))
    with sqlite3.connect(tmp_path / file) as rows:
        for (name,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            rows.execute(f"DROP TRIGGER {name}")
        rows.execute(statement)
    rows.close()
    with opened(url) as found:
        assert any(sentence in difference for difference in differences(found)), differences(found)
