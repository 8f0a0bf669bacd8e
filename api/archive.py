"""Reading the logs of a register without following or signing: histories of cases, receipts, and openings of seals."""

from dataclasses import dataclass
from datetime import date

from api.logs import CaseShelf, Logs
from api.published import published
from api.stores.keys import KeyFolder, default_folder
from api.stores.log_store import CASES, PUBLIC, LogStore
from api.stores.seal_store import SealsKept
from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.case_history import Histories, Indexed
from projections.transparency.openings import act_document, checkpoint_document
from projections.transparency.seals import Seals


class NotInLog(Exception):
    """What was asked for is not in the log, or not yet; the text says so."""


@dataclass
class Archive:
    """Both logs of a register, to be read."""

    public_log: LogStore
    case_log: LogStore
    keys: KeyFolder
    public: LogAnswers
    cases: LogAnswers
    histories: Histories
    seals: Seals

    def act(self, stream: str, version: int) -> Indexed:
        """
        Return the leaf of an event.

        Raises: NotInLog.
        """
        file = stream.replace("publication/", "case/")
        found = next((one for one in self.histories.leaves(file) if (one.leaf.stream, one.leaf.version) == (stream, version)), None)
        if found is None:
            raise NotInLog(f"The log of the cases has no version {version} of {stream}.")
        return found

    def open_act(self, index: int) -> bytes | None:
        """Return the opening of an act, for anyone; None while its day is not sealed, or its seal not published."""
        act = self.seals.open_act(index)
        receipt = self.seal_receipt(act.day) if act else None
        return act_document(act, receipt) if act and receipt else None

    def open_checkpoint(self, day: date, recipient: str) -> bytes:
        """
        Return the opening of a day's commitment for a named recipient.

        Raises: NotInLog for a day without a published seal.
        """
        opened, receipt = self.seals.open_checkpoint(day), self.seal_receipt(day)
        if opened is None or receipt is None:
            raise NotInLog(f"No seal is published for {day}.")
        return checkpoint_document(day, *opened, recipient, receipt)

    def seal_receipt(self, day: date) -> bytes | None:
        """Return the receipt of a day's seal in the public log, None while it is not published."""
        sealed = self.histories.seals.get(day)
        return self.public_receipt(sealed.index) if sealed else None

    def public_receipt(self, case_index: int) -> bytes | None:
        """Return the receipt in the public log of the event of a leaf in the log of the cases, None when it is not public."""
        index = self.public_log.index_of(self.case_log.position_of(case_index))
        return None if index is None else self.public.published(f"receipt/{index}.tlog-proof")

    def close(self) -> None:
        """Close every store."""
        self.public_log.close()
        self.case_log.close()


def archive_of(logs: Logs) -> Archive:
    """Return the archive of logs that a service has open, to be closed with them; the seals are those of now."""
    shelf = logs.shelf
    public = LogAnswers(PublicShelf(logs.register.public.store))
    return Archive(logs.public_store, shelf.store, shelf.keys, public, logs.case_answers(), Histories(shelf.store), logs.seals)


def open_archive(database_url: str) -> Archive:
    """
    Open the logs of a register.

    Raises: NotInLog when no log was ever opened.
    """
    keys, case_log = KeyFolder(default_folder(database_url)), LogStore(database_url, CASES)
    if not case_log.is_created() or case_log.origin() is None:
        case_log.close()
        raise NotInLog("This register has no log yet: start the service once.")
    public = LogAnswers(PublicShelf(published(database_url)))
    cases = LogAnswers(CaseShelf(case_log, keys))
    seals = Seals(case_log, SealsKept(case_log))
    return Archive(LogStore(database_url, PUBLIC), case_log, keys, public, cases, Histories(case_log), seals)
