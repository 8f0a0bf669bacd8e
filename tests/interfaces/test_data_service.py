"""The running service: data name its own address and log, in the whole service and in the public side alone."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.logs import open_logs
from api.main import service
from api.public_side import public_service
from api.settings import Settings
from api.wiring import open_register, set_up
from domain.types import instant


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("register.example.eu", "https://register.example.eu"),
        ("register.example.eu/", "https://register.example.eu"),
        ("http://register.example.eu:81", "http://register.example.eu:81"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("localhost:8000", "http://localhost:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_address_of_the_register_has_a_scheme(address: str, url: str) -> None:
    assert Settings(public_address=address).public_url == url


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(database_url=f"sqlite:///{tmp_path}", public_address="register.example.eu")
    set_up(found.database_url)
    register = open_register(found)
    register.create(instant("2025-08-02T00:00:00+02:00"), demonstration=True)
    register.close()
    return found


def test_the_first_answer_names_the_log_of_the_register(settings: Settings) -> None:
    with TestClient(service(settings)) as client:
        assert client.get("/list.json").json()["log"]["origin"] == "register.example.eu/log/demonstration"
        assert "https://register.example.eu/data#" in client.get("/", headers={"accept": "text/turtle"}).text


def test_the_public_side_alone_names_the_checkpoint_that_it_serves(settings: Settings) -> None:
    register = open_register(settings)
    register.follower.catch_up()
    logs = open_logs(settings, register)
    logs.follower.catch_up()
    logs.close()
    register.close()
    with TestClient(public_service(settings)) as client:
        origin, size, root = client.get("/log/checkpoint").text.split("\n")[:3]
        assert client.get("/list.json").json()["log"] == {"origin": origin, "size": int(size), "root": root, "position": 0}
