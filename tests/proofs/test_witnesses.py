"""What log and witnesses say to each other: requests, cosignatures, and everything that is none."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from projections.transparency.merkle import consistency_path, leaf_hash, root_of
from projections.transparency.notes import Checkpoint, NoteRefused, Signer, Verifier, open_checkpoint, open_note, signed
from projections.transparency.witnesses import WitnessKey, cosignature_in, cosigned_at, cosigned_by, request, size_told, verify_line
from tests.proofs.logs import SIGNER
from tests.proofs.witness import WitnessSigner, named

# The first key of RFC 8032, section 7.1. aics-tlog 0.2.1 accepts the line: `aics-tlog verify-checkpoint --witness-key VKEY --quorum 1`.
RFC_8032 = WitnessSigner("witness.example/w1", bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
VKEY = "witness.example/w1+eb762cc2+BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
TREE = Checkpoint(SIGNER.name, 3, root_of(map(leaf_hash, (b"a", b"b", b"c"))))
NOTE = signed(TREE.text, SIGNER)
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
LINE = "— witness.example/w1 63YswgAAAABpy7dA8DVbG1J4yRtLumjn2whjNVYf5i42EkHU2AJlBXO2WtF57P6k53lajZvlEmMwB5KNZ4zRax3DI7xqqEFnHyBxCA==\n"
WITNESS = named("witness.example/own")


# -- Keys and cosignatures -----------------------------------------------------------------


def test_a_cosignature_is_the_known_one() -> None:
    assert RFC_8032.verifier.vkey == VKEY
    assert RFC_8032.cosignature(TREE.text, NOW) == LINE
    assert cosignature_in(LINE.encode(), TREE.text, WitnessKey.parse(VKEY), NOW) == LINE
    assert cosigned_at(LINE) == NOW


def test_the_key_of_a_witness_is_not_the_key_of_a_log() -> None:
    assert WitnessKey.parse(WITNESS.verifier.vkey) == WITNESS.verifier
    with pytest.raises(NoteRefused, match="Ed25519 verifier key"):
        Verifier.parse(WITNESS.verifier.vkey)
    with pytest.raises(NoteRefused, match="key of a witness"):
        WitnessKey.parse(SIGNER.verifier.vkey)
    same = Signer(WITNESS.name, WITNESS.seed)
    assert same.verifier.public_key == WITNESS.verifier.public_key
    assert same.verifier.id != WITNESS.verifier.id


def test_a_cosigned_checkpoint_is_still_the_log_s_own() -> None:
    note = NOTE + WITNESS.cosignature(TREE.text, NOW).encode()
    assert open_checkpoint(note, [SIGNER.verifier]) == TREE
    assert cosigned_by(note, [WITNESS.verifier, RFC_8032.verifier]) == {WITNESS.verifier}


def test_a_witness_alone_signs_no_log() -> None:
    note = f"{TREE.text}\n{WITNESS.cosignature(TREE.text, NOW)}".encode()
    with pytest.raises(NoteRefused, match="none of the known keys"):
        open_checkpoint(note, [SIGNER.verifier])


@pytest.mark.parametrize("at", range(4, 76))
def test_no_byte_of_a_cosignature_may_differ(at: int) -> None:
    (signature,) = open_note(f"{TREE.text}\n{LINE}".encode(), [RFC_8032.verifier]).signatures
    material = bytearray(signature.key_id + signature.signature)
    assert len(material) == 76
    material[at] ^= 1
    line = f"— {RFC_8032.name} {b64encode(material).decode()}\n"
    with pytest.raises(NoteRefused, match="does not fit"):
        verify_line(line, TREE.text, RFC_8032.verifier)
    assert cosigned_by(NOTE + line.encode(), [RFC_8032.verifier]) == set()


@pytest.mark.parametrize("text", [TREE.text.replace("3", "4", 1), TREE.text + "extension\n", TREE.text[:-2] + "A\n", "x" + TREE.text])
def test_a_cosignature_on_one_text_is_none_on_another(text: str) -> None:
    verify_line(LINE, TREE.text, RFC_8032.verifier)
    with pytest.raises(NoteRefused, match="does not fit"):
        verify_line(LINE, text, RFC_8032.verifier)


@pytest.mark.parametrize(
    "line", ["", LINE.rstrip("\n"), LINE + LINE, "\n" + LINE, f"more\n\n{LINE}", LINE.replace("—", "-"), WITNESS.cosignature(TREE.text, NOW)]
)
def test_a_kept_line_is_one_line_of_its_witness(line: str) -> None:
    with pytest.raises(NoteRefused):
        verify_line(line, TREE.text, RFC_8032.verifier)


@pytest.mark.parametrize("length", [71, 73])
def test_a_cosignature_has_72_bytes(length: int) -> None:
    assert not WITNESS.verifier.accepts(TREE.text, bytes(length))


# -- Requests and answers --------------------------------------------------------------------


def test_a_request_is_written_as_the_specification_says() -> None:
    hashes = [leaf_hash(entry) for entry in (b"a", b"b", b"c")]
    proof = consistency_path(2, 3, lambda level, index: root_of(hashes[index << level : (index + 1) << level]))
    assert request(2, proof, NOTE) == f"old 2\n{b64encode(hashes[2]).decode()}\n\n".encode() + NOTE
    assert request(0, [], NOTE) == b"old 0\n\n" + NOTE


@pytest.mark.parametrize(("body", "size"), [(b"0\n", 0), (b"20852163\n", 20852163), (b"9" * 19 + b"\n", int("9" * 19))])
def test_the_size_that_a_witness_has_seen_is_read(body: bytes, size: int) -> None:
    assert size_told(body) == size


@pytest.mark.parametrize("body", [b"", b"1", b"01\n", b"-1\n", b"1\n\n", b"+1\n", b"1.0\n", b"\xd9\xa1\n", b"9" * 20 + b"\n", b"<html>"])
def test_what_is_no_size_is_refused(body: bytes) -> None:
    with pytest.raises(NoteRefused, match="which size"):
        size_told(body)


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_clocks_may_differ_by_five_minutes(seconds: int) -> None:
    line = WITNESS.cosignature(TREE.text, NOW + timedelta(seconds=seconds))
    assert cosignature_in(line.encode(), TREE.text, WITNESS.verifier, NOW) == line


@pytest.mark.parametrize(("seconds", "sentence"), [(-301, "301 seconds before"), (301, "301 seconds ahead"), (10**9, "ahead"), (-(10**9), "before")])
def test_a_cosignature_of_another_time_is_refused(seconds: int, sentence: str) -> None:
    line = WITNESS.cosignature(TREE.text, NOW + timedelta(seconds=seconds))
    with pytest.raises(NoteRefused, match=sentence):
        cosignature_in(line.encode(), TREE.text, WITNESS.verifier, NOW)


def test_the_lines_of_other_keys_are_left_out() -> None:
    ours, other = WITNESS.cosignature(TREE.text, NOW), RFC_8032.cosignature(TREE.text, NOW)
    newer = f"— {WITNESS.name} {b64encode(b'idid' + bytes(2428)).decode()}\n"  # as long as a cosignature by ML-DSA-44
    assert cosignature_in((newer + other + ours).encode(), TREE.text, WITNESS.verifier, NOW) == ours


OURS = WITNESS.cosignature(TREE.text, NOW)
NO_ANSWERS = {
    "nothing": (b"", "no signatures"),
    "no text": (b"\xff\n", "UTF-8"),
    "another witness": (RFC_8032.cosignature(TREE.text, NOW).encode(), "none of the known keys"),
    "another key of the same name": (WitnessSigner(WITNESS.name, bytes(32)).cosignature(TREE.text, NOW).encode(), "none of the known keys"),
    "another tree": (WITNESS.cosignature(TREE.text.replace("3", "4", 1), NOW).encode(), "does not fit"),
    "one that holds and one that does not": ((OURS + WITNESS.cosignature("x\n", NOW)).encode(), "does not fit"),
    "a page": (b"<html>\n", "a dash"),
    "a signature of a log": (Signer(WITNESS.name, WITNESS.seed).line(TREE.text).encode(), "none of the known keys"),
    "no line break": (OURS.rstrip("\n").encode(), "no signatures"),
    "too many lines": (OURS.encode() * 101, "more than 100"),
    "a text of its own": (
        f"— a AAAAAAAA\n\n{WITNESS.cosignature(TREE.text + chr(10) + '— a AAAAAAAA' + chr(10), NOW)}".encode(),
        "more than signature lines",
    ),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_what_is_no_cosignature_is_refused(what: str) -> None:
    answer, sentence = NO_ANSWERS[what]
    with pytest.raises(NoteRefused, match=sentence):
        cosignature_in(answer, TREE.text, WITNESS.verifier, NOW)
