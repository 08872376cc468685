"""Every error is a problem document; health, readiness and metrics answer; ids are echoed."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field

from shared.deps import Deps
from shared.errors import Conflict, Unavailable
from shared.web import create_service_app


class Body(BaseModel):
    quorum: int = Field(ge=1)


@pytest.fixture
def api(deps: Deps) -> TestClient:
    app = create_service_app(deps)

    @app.get("/conflict")
    def conflict() -> None:
        raise Conflict("The lease has expired; ask for the next task.", lease="x")

    @app.get("/away")
    def away() -> None:
        raise Unavailable("Triton doesn't answer.", retry_after=7)

    @app.get("/bug")
    def bug() -> None:
        raise ZeroDivisionError("secret detail")

    @app.post("/body")
    def body(value: Body) -> int:
        return value.quorum

    return TestClient(app, raise_server_exceptions=False)


def test_an_error_is_a_problem_document(api: TestClient):
    answer = api.get("/conflict", headers={"X-Request-Id": "abc-1"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.json() == {
        "type": "urn:bramble:problem:conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "The lease has expired; ask for the next task.",
        "code": "conflict",
        "request_id": "abc-1",
        "lease": "x",
    }


def test_what_may_pass_says_when_to_try_again(api: TestClient):
    answer = api.get("/away")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


def test_a_bug_shows_no_inner_detail(api: TestClient):
    answer = api.get("/bug")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["code"] == "internal"


def test_invalid_bodies_name_the_field(api: TestClient):
    answer = api.post("/body", json={"quorum": 0})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "body.quorum"


def test_an_unknown_address_and_method(api: TestClient):
    assert api.get("/nowhere").json()["code"] == "not-found"
    assert api.delete("/body").status_code == 405


def test_a_request_id_with_line_breaks_is_replaced(api: TestClient):
    assert api.get("/healthz", headers={"X-Request-Id": "a b%0d"}).headers["x-request-id"] != "a b%0d"


def test_health_readiness_metrics(api: TestClient, deps: Deps):
    assert api.get("/healthz").json()["status"] == "alive"
    assert api.get("/readyz").status_code == 200
    assert "bramble_http_request_seconds" in api.get("/metrics").text
    deps.bus.close()
    broken = api.get("/readyz")
    assert broken.status_code == 503
    assert "bus" in broken.json()["failed"]


def test_what_is_under_way_when_the_server_ends_is_told_to_come_again(deps: Deps):
    app = create_service_app(deps)
    entered = threading.Event()

    @app.get("/hang")
    async def hang() -> None:
        entered.set()
        await asyncio.Event().wait()

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # so that a request which comes before the server does waits for it
        config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        serving.start()
        with ThreadPoolExecutor(1) as pool:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/hang"
            waiting = pool.submit(httpx.get, url, timeout=30, trust_env=False)
            assert entered.wait(30)
            server.should_exit = True
            answer = waiting.result(30)
        serving.join(30)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert "Try again" in answer.json()["detail"]
    assert answer.headers["x-request-id"]
