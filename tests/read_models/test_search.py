"""Search, filters, order and pages of the list: the same on every database."""

from itertools import product

import pytest
from sqlalchemy import text

from domain.law.periods import legal_day
from projections.public.questions import Filters, Sort, When
from tests.read_models.folding import ReadSide, Told
from tests.read_models.listing import events_of, listed, removed, updated
from tests.scenario import brussels

NAMES = ["zeta", "Alpha", "äpfel", "Zulu", "alpha 100%", "under_score", "back\\slash", "Ωmega", "STRASSE 9", "O'Brien", "x--y", "模型"]
PROVIDERS = ["Beta AI", "alpha labs", "Beta AI", "Ångström AB", "beta ai", "Ørsted", "Zed", "Émile", "straße GmbH", "N.V.", "Delta", "北京"]
COUNTRIES = ["FR", "US", "FR", "SE", "DE", "DK", "BE", "FR", "DE", "NL", "GR", "CN"]


def history() -> list[object]:
    """Twelve entries listed on consecutive days, one updated and one removed afterwards."""
    happened = [
        listed(
            brussels(f"2026-03-{n:02}"), str(n), marketed_names=[name, f"{name} mini"], provider_name=provider, provider_country=country,
            public_grounds=["52(4)"] if n % 3 == 0 else ["51(1)(a)", "52(4)"] if n % 3 == 1 else ["51(1)(a)"],
        )
        for n, (name, provider, country) in enumerate(zip(NAMES, PROVIDERS, COUNTRIES, strict=True), start=1)
    ]  # fmt: skip
    happened.append(updated(brussels("2026-04-01"), "2", marketed_names=["Alpha"], provider_name="alpha labs", provider_country="US"))
    happened.append(removed(brussels("2026-04-02"), "4"))
    return list(events_of(happened))


@pytest.fixture
def side(read_side: ReadSide) -> ReadSide:
    return read_side.fold(Told.of(history()))  # type: ignore[arg-type]


def ids(side: ReadSide, filters: Filters | None = None, **page: int) -> list[int]:
    return [int(entry.list_id) for entry in side.public.list_at(When(), filters or Filters(descending=False), **page).entries]


def found(side: ReadSide, words: str) -> list[int]:
    return ids(side, Filters(search=words, descending=False, include_removed=True))


FOUND: dict[str, list[int]] = {
    "zeta": [1], "ZETA": [1], "eta": [1, 3, 5], "ÄPFEL": [3], "äpf": [3], "%": [5], "100%": [5], "_": [6], "r_s": [6], "\\": [7], "back\\slash": [7],
    "ωMEGA": [8], "strasse": [9], "STRASSE": [9], "straße": [9], "'": [10], "o'brien": [10], "--": [11], "模": [12], "北京": [12], "#12": [12],
    "#1": [1, 10, 11, 12], "alpha labs": [2], "labs alpha": [2], "alpha": [2, 5], "alpha nothing": [], "mini": [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    "ångström": [4], "émile": [8], "  zeta \t ": [1], "": list(range(1, 13)), "   ": list(range(1, 13)), "' OR 1=1 --": [], "a" * 5_000: [],
    "a" * 100_000: [], "ß" * 60_000: [], "\x00": [], "zeta\x00": [], "\ud800": [],
}  # fmt: skip


def test_every_word_must_be_in_the_names_whatever_its_case(side: ReadSide) -> None:
    assert {words: sorted(found(side, words)) for words in FOUND} == FOUND


def test_more_than_eight_words_are_cut_to_eight(side: ReadSide) -> None:
    assert found(side, "zeta " * 8 + "nothing") == [1]
    assert found(side, "zeta " * 7 + "nothing") == []


def test_filters_narrow_down_and_totals_follow(side: ReadSide) -> None:
    everything = side.public.list_at(When(), Filters(include_removed=True))
    assert (len(everything.entries), everything.total, everything.on_list) == (12, 12, 11)
    standing = side.public.list_at(When(), Filters())
    assert (len(standing.entries), standing.total, standing.on_list) == (11, 11, 11)
    french = side.public.list_at(When(), Filters(country="FR"), first=2)
    assert (len(french.entries), french.total, french.on_list) == (2, 3, 11)
    assert ids(side, Filters(country="SE")) == []
    assert ids(side, Filters(country="SE", include_removed=True)) == [4]
    assert sorted(ids(side, Filters(ground="52(4)"))) == [1, 3, 6, 7, 9, 10, 12]
    assert sorted(ids(side, Filters(ground="51(1)(a)"))) == [1, 2, 5, 7, 8, 10, 11]
    assert ids(side, Filters(ground="52(1)")) == []
    assert ids(side, Filters(ground="52(4)", country="FR", search="zeta")) == [1]


KEYS = {
    "name": lambda n: NAMES[n - 1].casefold(),
    "provider": lambda n: PROVIDERS[n - 1].casefold(),
    "listed": lambda n: n,
    "changed": lambda n: {2: 101, 4: 102}.get(n, n),
}


def test_the_order_is_the_same_on_every_database_and_ties_keep_their_numbers(side: ReadSide) -> None:
    sorts: tuple[Sort, ...] = ("name", "provider", "listed", "changed")
    for sort, descending in product(sorts, (False, True)):
        expected = sorted(range(1, 13), key=lambda n: (KEYS[sort](n), n), reverse=descending)
        assert ids(side, Filters(sort=sort, descending=descending, include_removed=True)) == expected


@pytest.mark.postgres
def test_the_order_does_not_hang_on_the_language_of_the_database(migrated_postgresql: str) -> None:
    side = ReadSide(migrated_postgresql)
    query = "SELECT column_name, collation_name FROM information_schema.columns WHERE table_schema = 'published' AND table_name = 'entries'"
    with side.stores[1].reading() as rows:
        collations = {row.column_name: row.collation_name for row in rows.execute(text(query))}
    side.close()
    assert {name: collations[name] for name in ("name", "provider", "country")} == {"name": "C", "provider": "C", "country": "C"}


def test_pages_hold_every_entry_once(side: ReadSide) -> None:
    filters = Filters(sort="provider", include_removed=True)
    for size in (1, 5, 12, 13):
        pages = [ids(side, filters, first=size, offset=offset) for offset in range(0, 12, size)]
        assert [n for page in pages for n in page] == ids(side, filters)
        assert ids(side, filters, first=size, offset=12) == []
    assert ids(side, filters, first=0) == []


def test_the_list_of_another_day_is_searched_as_it_stood(side: ReadSide) -> None:
    before, after = legal_day(brussels("2026-03-31")), legal_day(brussels("2026-04-01"))
    assert [e.list_id for e in side.public.list_at(When(before), Filters(search="alpha mini")).entries] == ["5", "2"]
    assert [e.list_id for e in side.public.list_at(When(after), Filters(search="alpha mini")).entries] == ["5"]
