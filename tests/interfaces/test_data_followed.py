"""The list as data names the entries of the log that it follows from."""

from base64 import b64encode
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.merkle import leaf_hash, root_of
from registry_site.public.data.lists import LIST_FORMS
from tests.interfaces.data_stack import SIGNER, Stack, get, stack


@pytest.fixture(scope="module")
def published() -> Iterator[Stack]:
    with stack() as found:
        yield found


@pytest.fixture(scope="module")
def client(published: Stack) -> TestClient:
    return published.client()


def leaves(published: Stack) -> list[bytes]:
    answers = LogAnswers(PublicShelf(published.side.stores[1]))
    return [answers.answer(f"entry/{index}").body for index in range(answers.size())]


@pytest.mark.parametrize(("question", "size"), [("", 6), ("valid_at=2026-04-30", 6), ("known_at=2026-05-10", 2), ("known_at=2026-06-08", 5)])
def test_a_file_names_the_entries_of_the_log_that_it_follows_from(client: TestClient, published: Stack, question: str, size: int) -> None:
    root = root_of(map(leaf_hash, leaves(published)[:size]))
    named = get(client, f"/list.json?{question}").json()["log"]
    assert named == {"origin": SIGNER.name, "size": size, "position": size, "root": b64encode(root).decode()}
    metadata = get(client, f"/list.csv-metadata.json?{question}").json()
    assert metadata["notes"][0]["log"] == named
    assert f'filename="list-at-log-position-{size}.csv"' in get(client, f"/list.csv?{question}").headers["content-disposition"]
    assert f'reg:log_root "{named["root"]}"' in get(client, f"/list.ttl?{question}").text


def test_what_the_published_log_does_not_cover_yet_is_left_out_and_the_answer_not_kept() -> None:
    with stack(followed=False) as found:
        found.fold(3)
        found.publish(2)
        answer = get(found.client(), "/list.json")
        assert [entry["list_id"] for entry in answer.json()["entries"]] == ["1", "2"]
        assert answer.json()["entries"][0]["note"] is None
        assert answer.json()["log"]["size"] == 2
        assert answer.headers["cache-control"] == "no-store"
        assert "last-modified" not in answer.headers
        found.publish(3)
        assert get(found.client(), "/list.json").json()["entries"][0]["note"] == "OFF_MARKET"


def test_two_changes_of_one_instant_are_known_together_even_if_the_log_parts_them() -> None:
    with stack(followed=False) as found:
        found.fold(5)
        found.publish(4)
        said = get(found.client(), "/list.json").json()
        assert [entry["provider_country"] for entry in said["entries"]] == ["FR", "FR"]
        assert said["log"]["position"] == 3
        assert said["log"]["size"] == 4


def test_a_log_that_is_ahead_of_the_list_is_named_only_as_far_as_the_list_goes() -> None:
    with stack(followed=False) as found:
        found.fold(2)
        found.publish(4)
        answer = get(found.client(), "/list.json")
        assert answer.json()["log"]["size"] == 2
        assert len(answer.json()["entries"]) == 2
        assert answer.headers["cache-control"] == "no-store"


def test_without_a_log_a_file_names_none() -> None:
    with stack(followed=False) as found:
        found.fold()
        answer = get(found.client(), "/list.json")
        assert answer.json()["log"] is None
        assert answer.json()["count"] == 2
        assert "reg:log_root" not in get(found.client(), "/list.ttl").text


def test_an_empty_register_has_an_empty_list_in_every_form() -> None:
    with stack([]) as found:
        client = found.client()
        assert get(client, "/list.json").json()["entries"] == []
        assert len(get(client, "/list.csv").text.splitlines()) == 1
        for form in LIST_FORMS:
            get(client, f"/list.{form}")
