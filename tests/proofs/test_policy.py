"""The policy: who witnesses the log, and whose cosignatures together are enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.witnesses import read_policy
from projections.transparency.notes import Signer
from projections.transparency.policy import MOST_BYTES, MOST_GROUPS, MOST_WITNESSES, Policy, PolicyRefused
from tests.proofs.logs import ORIGIN, SIGNER
from tests.proofs.witness import named

KEYS = {name: named(f"witness.example/{name}").verifier.vkey for name in ("X1", "X2", "X3", "Y1", "Y2", "Y3")}
WITNESSES = "".join(f"witness {name} {vkey}\n" for name, vkey in KEYS.items())
X1 = f"witness X1 {KEYS['X1']}"
# The example of the specification, with keys.
EXAMPLE = f"""
# Two organisations, three witnesses each
log {SIGNER.verifier.vkey}

\twitness  X1 {KEYS["X1"]} https://witness.example/x1/
witness X2 {KEYS["X2"]}
witness X3\t{KEYS["X3"]}\x20
group X-witnesses 2 X1 X2 X3
witness Y1 {KEYS["Y1"]}
witness Y2 {KEYS["Y2"]}
witness Y3 {KEYS["Y3"]}
group Y-witnesses any Y1 Y2 Y3
   # both
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def parsed(text: str) -> Policy:
    return Policy.parse(text.encode())


@pytest.mark.parametrize(
    ("names", "reached"),
    [
        ("X1 X2 Y1", True), ("X2 X3 Y3", True), ("X1 X2 X3 Y1 Y2 Y3", True), ("X1 Y1", False), ("X1 X2 X3", False), ("Y1 Y2 Y3", False), ("", False),
        ("X1 Y1 Y2 Y3", False), ("X1 stranger Y1", False),
    ],
)  # fmt: skip
def test_the_example_of_the_specification(names: str, reached: bool) -> None:
    policy = parsed(EXAMPLE)
    assert [witness.name for witness in policy.witnesses] == list(KEYS)
    assert policy.witnesses[0].url == "https://witness.example/x1"
    assert policy.logs == (SIGNER.verifier,)
    assert policy.reached(names.split()) is reached


def test_a_policy_is_written_without_its_remarks_and_logs_and_means_the_same() -> None:
    policy = parsed(EXAMPLE)
    again = parsed(policy.text)
    assert (again.witnesses, again.groups, again.quorum) == (policy.witnesses, policy.groups, policy.quorum)
    assert "#" not in policy.text
    assert SIGNER.verifier.vkey not in policy.text


@pytest.mark.parametrize(
    ("rule", "needed"), [("any", 1), ("1", 1), ("2", 2), ("3", 3), ("all", 3)],
)  # fmt: skip
def test_a_group_has_witnessed_with_as_many_members_as_it_says(rule: str, needed: int) -> None:
    policy = parsed(f"{WITNESSES}group G {rule} X1 X2 X3\nquorum G\n")
    for many in range(4):
        assert policy.reached(["X1", "X2", "X3"][:many]) is (many >= needed)


def test_a_single_witness_may_be_the_quorum_and_nobody_too() -> None:
    assert not parsed(f"{X1}\nquorum X1\n").reached([])
    assert parsed(f"{X1}\nquorum X1\n").reached(["X1"])
    assert parsed(f"{X1}\nquorum none").reached([])
    assert Policy().reached([])
    assert Policy().text == "quorum none\n"


REFUSED = {
    "no quorum": (X1, "there is no line `quorum`"),
    "nothing": ("", "there is no line `quorum`"),
    "two quorums": ("quorum none\nquorum none", "line 2: a policy has one line `quorum`"),
    "a quorum of nobody known": (f"{X1}\nquorum X2", "line 2: no line above names .* `X2`"),
    "a quorum before its witness": (f"quorum X1\n{X1}", "line 1: no line above"),
    "a group before its member": (f"group G any X1\n{X1}\nquorum G", "line 1: no line above"),
    "a group of itself": ("group G any G\nquorum G", "line 1: no line above"),
    "a group without members": (f"{X1}\ngroup G any\nquorum none", "line 2: `group` does not begin"),
    "a group of none": (f"{X1}\ngroup G any none\nquorum none", "line 2: no line above"),
    "a member twice": (f"{X1}\ngroup G any X1 X1\nquorum G", "line 2: `X1` is a member already"),
    "a member of two groups": (f"{X1}\ngroup G any X1\ngroup H any X1\nquorum G", "line 3: `X1` is a member already"),
    "too low a number": (f"{X1}\ngroup G 0 X1\nquorum G", "line 2: a group of 1 needs"),
    "too high a number": (f"{X1}\ngroup G 2 X1\nquorum G", "line 2: a group of 1 needs"),
    "a number with a zero": (f"{X1}\ngroup G 01 X1\nquorum G", "line 2: a group of 1 needs"),
    "another word": (f"{X1}\ngroup G most X1\nquorum G", "line 2: a group of 1 needs"),
    "the same witness": (f"{X1}\nwitness X2 {KEYS['X1']}\nquorum none", "line 2: this witness's key"),
    "the same key under another name": (
        f"{X1}\nwitness X2 {type(named('x'))('other', named('witness.example/X1').seed).verifier.vkey}\nquorum none",
        "line 2: this witness's key",
    ),
    "the same name": (f"{X1}\nwitness X1 {KEYS['X2']}\nquorum none", "line 2: the name `X1` is taken"),
    "a group named as a witness": (f"{X1}\ngroup X1 any X1\nquorum none", "line 2: the name `X1` is taken"),
    "the name none": (f"witness none {KEYS['X1']}\nquorum none", "line 1: the name `none` is taken"),
    "the key of a log": (f"witness X1 {SIGNER.verifier.vkey}\nquorum none", "line 1: this is not the key of a witness"),
    "the key of a witness as log": (f"log {KEYS['X1']}\nquorum none", "line 1: this is not an Ed25519 verifier key"),
    "the same log": (f"log {SIGNER.verifier.vkey}\nlog {SIGNER.verifier.vkey}\nquorum none", "line 2: this log's key"),
    "a damaged key": (f"witness X1 {KEYS['X1'][:-2]}\nquorum none", "line 1: "),
    "no key": ("witness X1\nquorum none", "line 1: `witness` does not begin"),
    "a word too many": (f"{X1} https://w.example more\nquorum none", "line 1: `witness` does not begin"),
    "an unknown line": ("witnesses none\nquorum none", "line 1: `witnesses` does not begin"),
    "a carriage return": (f"{X1}\r\nquorum none\r\n", "line 1: a control character"),
    "a form feed": ("quorum\x0cnone", "line 1: a control character"),
    "another scheme": (f"{X1} ftp://w.example\nquorum none", "line 1: `ftp://w.example` is not an address"),
    "no host": (f"{X1} https:///w\nquorum none", "is not an address"),
    "a password": (f"{X1} https://me:secret@w.example\nquorum none", "is not an address"),
    "a query": (f"{X1} https://w.example/?a=b\nquorum none", "is not an address"),
    "a fragment": (f"{X1} https://w.example/#a\nquorum none", "is not an address"),
    "a port that none has": (f"{X1} https://w.example:99999/\nquorum none", "is no address"),
    "other letters": (f"{X1} https://wítness.example/\nquorum none", "is not an address"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_policy_cannot_mean_is_refused_with_its_line(what: str) -> None:
    text, sentence = REFUSED[what]
    with pytest.raises(PolicyRefused, match=sentence):
        parsed(text)


def test_a_policy_has_limits() -> None:
    many = "".join(f"witness w{n} {named(f'w.example/{n}').verifier.vkey}\n" for n in range(MOST_WITNESSES + 1))
    groups = "".join(f"group g{n} any w{n}\n" for n in range(MOST_GROUPS))
    allowed = many[: many.rindex("witness")] + groups + "quorum none\n"
    assert len(parsed(allowed).witnesses) == MOST_WITNESSES == 32
    assert len(parsed(allowed).groups) == MOST_GROUPS == 32
    with pytest.raises(PolicyRefused, match="line 33: this register asks at most 32 witnesses"):
        parsed(many + "quorum none\n")
    with pytest.raises(PolicyRefused, match="line 65: this register reads at most 32 groups"):
        parsed(allowed.replace("quorum", "group more any g0\nquorum"))
    line = "quorum none\n"
    assert parsed("#" * (MOST_BYTES - len(line) - 1) + "\n" + line).quorum == "none"
    with pytest.raises(PolicyRefused, match="at most 65536 bytes; this has 65537"):
        parsed("#" * (MOST_BYTES - len(line)) + "\n" + line)


def test_text_that_is_none_is_refused() -> None:
    with pytest.raises(PolicyRefused, match="UTF-8"):
        Policy.parse(b"# \xff\nquorum none\n")
    assert Policy.parse("# é\nquorum none\n".encode()) == Policy()


# -- Files ---------------------------------------------------------------------------------


def test_without_a_file_nobody_witnesses() -> None:
    assert read_policy("", ORIGIN) == Policy()


def test_a_file_is_for_this_log_or_for_any(tmp_path: Path) -> None:
    file = tmp_path / "policy"
    file.write_text(EXAMPLE, encoding="utf-8")
    assert read_policy(str(file), ORIGIN).quorum == "X-and-Y"
    file.write_text(f"log {Signer('elsewhere.example/log', bytes(32)).verifier.vkey}\nquorum none\n", encoding="utf-8")
    with pytest.raises(PolicyRefused, match=f"WITNESS_POLICY.*not for the log {ORIGIN}"):
        read_policy(str(file), ORIGIN)
    file.write_text("quorum none\n", encoding="utf-8")
    assert read_policy(str(file), ORIGIN) == Policy()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyRefused, match=r"WITNESS_POLICY.*No such file"):
        read_policy(str(tmp_path / "missing"), ORIGIN)
    with pytest.raises(PolicyRefused, match=r"WITNESS_POLICY.*directory"):
        read_policy(str(tmp_path), ORIGIN)
