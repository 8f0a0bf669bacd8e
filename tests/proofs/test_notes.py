"""Signed notes and checkpoints: the specification's own example, which lines count, and what is refused."""

from __future__ import annotations

import re

import pytest

from projections.transparency.notes import Checkpoint, NoteRefused, Signer, Verifier, key_id, open_checkpoint, open_note, parse_note, signed

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
OURS = Signer("register.example.eu/log", b"\x01" * 32)
OTHER = Signer("witness.example", b"\x02" * 32)
TEXT = "one\ntwo\n"


def test_the_example_of_the_specification_holds() -> None:
    verifier = Verifier.parse(EXAMPLE_KEY)
    assert verifier.vkey == EXAMPLE_KEY
    assert verifier.id.hex() == "530d903a" == key_id(verifier.name, verifier.public_key).hex()[:8]
    assert open_note(EXAMPLE.encode(), [verifier]).text == "This is an example message.\n"


def test_a_note_holds_for_each_of_its_signers() -> None:
    note = signed(TEXT, OURS, OTHER)
    for verifiers in ([OURS.verifier], [OTHER.verifier], [OURS.verifier, OTHER.verifier]):
        assert open_note(note, verifiers).text == TEXT


def test_lines_of_unknown_keys_are_ignored_even_of_other_types() -> None:
    cosignature = "— witness.example " + "AAAA" * 20 + "\n"
    note = signed(TEXT, OURS) + cosignature.encode() * 15
    assert len(open_note(note, [OURS.verifier]).signatures) == 16


def test_a_known_key_whose_signature_fails_rejects_the_note() -> None:
    forged = signed("something else\n", OTHER).split(b"\n\n")[1]
    with pytest.raises(NoteRefused, match="does not fit"):
        open_note(signed(TEXT, OURS) + forged, [OURS.verifier, OTHER.verifier])


def test_a_note_that_nobody_known_signed_is_refused() -> None:
    with pytest.raises(NoteRefused, match="none of the known keys"):
        open_note(signed(TEXT, OURS), [OTHER.verifier])
    same_name = Signer(OURS.name, b"\x03" * 32)
    with pytest.raises(NoteRefused, match="none of the known keys"):
        open_note(signed(TEXT, OURS), [same_name.verifier])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda note: note.replace(b"\n\n", b"\n"), "no signatures"),
        (lambda note: note.removesuffix(b"\n"), "no signatures"),
        (lambda note: note.replace("—".encode(), b"-"), "dash"),
        (lambda note: note.replace(b"two", b"t\tw"), "control characters"),
        (lambda note: note.replace(b"two", b"\xff"), "UTF-8"),
        (lambda note: note.replace(b"register.example.eu/log ", b"register+log "), "plus sign"),
        (lambda note: note[:-3] + b"\n", "base64"),
        (lambda note: note + b"\xe2\x80\x94 name AAAA\n", "identifier and a signature"),
        (lambda note: note + note.split(b"\n\n")[1] * 100, "more than 100"),
        (lambda note: b"", "no signatures"),
    ],
)
def test_a_malformed_note_is_refused(change: object, sentence: str) -> None:
    assert callable(change)
    with pytest.raises(NoteRefused, match=re.escape(sentence)):
        parse_note(change(signed(TEXT, OURS)))


def test_every_changed_bit_of_a_note_is_noticed() -> None:
    note = signed(TEXT, OURS)
    for at in range(len(note)):
        for bit in range(8):
            changed = note[:at] + bytes([note[at] ^ 1 << bit]) + note[at + 1 :]
            with pytest.raises(NoteRefused):
                open_note(changed, [OURS.verifier])


@pytest.mark.parametrize(
    "vkey",
    [
        "", "name", "name+530d903a", EXAMPLE_KEY.replace("530d903a", "530d903b"), EXAMPLE_KEY.replace("foo", "bar"), EXAMPLE_KEY[:-4],
        EXAMPLE_KEY + "=", EXAMPLE_KEY.replace("+Aek", "+Bek"), " " + EXAMPLE_KEY,
    ],
)  # fmt: skip
def test_a_malformed_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(NoteRefused):
        Verifier.parse(vkey)


def test_a_private_key_is_not_shown() -> None:
    assert repr(OURS) == "Signer('register.example.eu/log')"


# -- Checkpoints -----------------------------------------------------------------------


def test_a_checkpoint_is_read_as_it_is_written() -> None:
    checkpoint = Checkpoint("register.example.eu/log", 70_000, bytes(range(32)))
    assert checkpoint.text.splitlines()[:2] == ["register.example.eu/log", "70000"]
    assert Checkpoint.parse(checkpoint.text) == checkpoint
    assert open_checkpoint(signed(checkpoint.text, OURS), [OURS.verifier]) == checkpoint


def test_a_checkpoint_of_another_log_is_refused_though_the_key_signed_it() -> None:
    other = Checkpoint("somewhere.else/log", 1, bytes(32))
    with pytest.raises(NoteRefused, match="another log"):
        open_checkpoint(signed(other.text, OURS), [OURS.verifier])


@pytest.mark.parametrize("size", ["-1", "+1", "01", "1.0", "1e3", "", " 1", "١", "1_0"])
def test_a_size_is_written_one_way(size: str) -> None:
    with pytest.raises(NoteRefused, match="size"):
        Checkpoint.parse(f"origin\n{size}\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")


@pytest.mark.parametrize("text", ["", "origin\n1\n", "\n1\nAAAA\n", "origin\n1\nAAAA\n", "origin\n1\n" + "AAAA" * 11 + "\nextension\n"])
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteRefused):
        Checkpoint.parse(text)
