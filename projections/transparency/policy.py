"""
The log's policy, as C2SP tlog-policy writes it: which witnesses there are, and whose cosignatures together are enough.

A quorum is for readers to insist on. The log publishes without it, because it can refuse nothing, and says so.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from projections.transparency.notes import NoteRefused, Verifier
from projections.transparency.witnesses import WitnessKey, cosigned_by

NONE = "none"
MOST_BYTES = 64 * 1024
MOST_WITNESSES = 32
"""What the specification asks for at least; with them a checkpoint stays far below the signature lines that readers look at."""
MOST_GROUPS = 32
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NUMBER = re.compile(r"[1-9]\d{0,3}", re.ASCII)


class PolicyRefused(ValueError):
    """A policy file says something that it cannot mean; the text says in which line and what to do."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness under the name that the policy gives it; without an address it cannot be asked."""

    name: str
    key: WitnessKey
    url: str | None = None

    @property
    def line(self) -> str:
        """Return the line of the policy."""
        return " ".join(["witness", self.name, self.key.vkey, *([self.url] if self.url else [])]) + "\n"


@dataclass(frozen=True, slots=True)
class Group:
    """Has witnessed what so many of its members have witnessed."""

    name: str
    least: int
    members: tuple[str, ...]

    @property
    def line(self) -> str:
        """Return the line of the policy."""
        return f"group {self.name} {self.least} {' '.join(self.members)}\n"


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs, witnesses, groups in the order in which they may name each other, and the name that makes the quorum."""

    logs: tuple[Verifier, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    @property
    def text(self) -> str:
        """Return all lines but those of logs."""
        return "".join([*(witness.line for witness in self.witnesses), *(group.line for group in self.groups), f"quorum {self.quorum}\n"])

    def reached(self, names: Collection[str]) -> bool:
        """Tell whether these witnesses together are the quorum."""
        witnessed = {NONE, *names}
        for group in self.groups:
            if sum(member in witnessed for member in group.members) >= group.least:
                witnessed.add(group.name)
        return self.quorum in witnessed

    def cosigned(self, note: bytes) -> set[str]:
        """
        Return the names of the witnesses whose cosignatures on a checkpoint hold.

        Raises: NoteRefused when the note is malformed.
        """
        keys = cosigned_by(note, [witness.key for witness in self.witnesses])
        return {witness.name for witness in self.witnesses if witness.key in keys}

    def of_log(self, origin: str) -> Self:
        """
        Return the policy for a log.

        Raises: PolicyRefused when it names logs, and not this one.
        """
        if self.logs and origin not in {log.name for log in self.logs}:
            raise PolicyRefused(f"the policy is not for the log {origin}: name its verifier key in a line `log`, or leave such lines out")
        return self

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """
        Read a policy file; it must be UTF-8 text, although the specification allows other bytes in names.

        Raises: PolicyRefused.
        """
        reading = _Reading([], [], [], [])
        for number, words in _lines(raw):
            try:
                reading.take(words)
            except (PolicyRefused, NoteRefused) as refused:
                raise PolicyRefused(f"line {number}: {refused}") from None
        if not reading.quorum:
            raise PolicyRefused("there is no line `quorum`: write `quorum none`, or the name of a witness or group")
        return cls(tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups), reading.quorum[0])


# -- Reading ---------------------------------------------------------------------------


def _lines(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the numbers and words of the lines that say something."""
    if len(raw) > MOST_BYTES:
        raise PolicyRefused(f"a policy has at most {MOST_BYTES} bytes; this has {len(raw)}")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise PolicyRefused("the policy is not UTF-8 text") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if _FORBIDDEN.search(line):
            raise PolicyRefused(f"line {number}: a control character; lines end with a line feed alone")
        words = line.replace("\t", " ").split(" ")
        if (found := [word for word in words if word]) and not found[0].startswith("#"):
            yield number, found


@dataclass
class _Reading:
    """What is read of a policy so far."""

    logs: list[Verifier]
    witnesses: list[Witness]
    groups: list[Group]
    quorum: list[str]

    def take(self, words: list[str]) -> None:
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self._take_log(Verifier.parse(vkey))
            case ["witness", name, vkey]:
                self._take_witness(Witness(self._new(name), WitnessKey.parse(vkey)))
            case ["witness", name, vkey, url]:
                self._take_witness(Witness(self._new(name), WitnessKey.parse(vkey), _address(url)))
            case ["group", name, rule, first, *rest]:
                self._take_group(self._new(name), rule, (first, *rest))
            case ["quorum", name]:
                self._take_quorum(name)
            case [word, *_]:
                raise PolicyRefused(f"`{word}` does not begin a line that a policy has, or has too few or too many words after it")

    def _take_log(self, log: Verifier) -> None:
        if log.public_key in {known.public_key for known in self.logs}:
            raise PolicyRefused("this log's key stands in another line already")
        self.logs.append(log)

    def _take_witness(self, witness: Witness) -> None:
        if witness.key.public_key in {known.key.public_key for known in self.witnesses}:
            raise PolicyRefused("this witness's key stands in another line already: one witness counts once")
        if len(self.witnesses) == MOST_WITNESSES:
            raise PolicyRefused(f"this register asks at most {MOST_WITNESSES} witnesses")
        self.witnesses.append(witness)

    def _take_group(self, name: str, rule: str, members: tuple[str, ...]) -> None:
        taken = [member for group in self.groups for member in group.members]
        for at, member in enumerate(members):
            self._known(member)
            if member in taken or member in members[:at]:
                raise PolicyRefused(f"`{member}` is a member already: it counts once")
        if len(self.groups) == MOST_GROUPS:
            raise PolicyRefused(f"this register reads at most {MOST_GROUPS} groups")
        self.groups.append(Group(name, _least(rule, len(members)), members))

    def _take_quorum(self, name: str) -> None:
        if self.quorum:
            raise PolicyRefused("a policy has one line `quorum`")
        if name != NONE:
            self._known(name)
        self.quorum.append(name)

    def _names(self) -> set[str]:
        return {witness.name for witness in self.witnesses} | {group.name for group in self.groups}

    def _new(self, name: str) -> str:
        if name == NONE or name in self._names():
            raise PolicyRefused(f"the name `{name}` is taken")
        return name

    def _known(self, name: str) -> None:
        if name not in self._names():
            raise PolicyRefused(f"no line above names a witness or group `{name}`")


def _least(rule: str, members: int) -> int:
    """Return how many members a group needs."""
    if rule in ("any", "all"):
        return 1 if rule == "any" else members
    if not _NUMBER.fullmatch(rule) or int(rule) > members:
        raise PolicyRefused(f"a group of {members} needs `any`, `all` or a number from 1 to {members}, not `{rule}`")
    return int(rule)


def _address(url: str) -> str:
    """Return the address of a witness below which it takes checkpoints; it is published, so it carries no password."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        raise PolicyRefused(f"`{url}` is no address") from None
    if not usable or not url.isascii() or parts.username is not None or parts.query or parts.fragment:
        raise PolicyRefused(f"`{url}` is not an address http://… or https://… in plain ASCII, without user name, ? and #")
    return url.rstrip("/")
