"""Commands end with one sentence and a code: 2 for bad input, 1 for the rest."""

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from services.cli.client import ApiError, Client
from services.cli.crowd.command import parse_mix
from services.cli.images import _batches
from services.cli.main import app

runner = CliRunner()


def test_every_door_has_help():
    for command in (
        "up",
        "project",
        "images",
        "gold",
        "crowd",
        "consensus",
        "synth",
        "dataset",
        "study",
        "export",
        "admin",
        "demo",
    ):
        result = runner.invoke(app, [command, "--help"])
        assert result.exit_code == 0, command
        assert "Usage" in result.output


def test_an_unknown_service_is_refused_with_the_known_ones():
    result = runner.invoke(app, ["serve", "kitchen"])
    assert result.exit_code == 2
    assert "gateway, images" in result.output


def test_a_platform_that_is_not_there():
    result = runner.invoke(app, ["--url", "http://127.0.0.1:9", "project", "list"])
    assert result.exit_code == 1
    assert "doesn't answer" in result.output


def test_bad_mix_is_bad_input():
    result = runner.invoke(app, ["crowd", "plan", "--mix", "careful"])
    assert result.exit_code == 2
    assert parse_mix("careful=0.5, sloppy=0.5") == {"careful": 0.5, "sloppy": 0.5}


def test_uploads_are_split_into_requests(tmp_path: Path):
    files = []
    for i in range(250):
        file = tmp_path / f"{i}.png"
        file.write_bytes(b"x")
        files.append(file)
    assert [len(b) for b in _batches(files)] == [100, 100, 50]


def api_of(handler) -> Client:
    client = Client("http://test", tries=3)
    client.http = httpx.Client(transport=httpx.MockTransport(handler), base_url="http://test")
    return client


def test_a_busy_server_is_asked_again():
    calls = []

    def handler(request):
        calls.append(request)
        return (
            httpx.Response(503, headers={"Retry-After": "0"})
            if len(calls) < 3
            else httpx.Response(200, json={"ok": True})
        )

    assert api_of(handler).get("/x") == {"ok": True}
    assert len(calls) == 3


def test_a_lost_post_is_sent_again_only_where_that_is_safe():
    calls = []

    def handler(request):
        calls.append(request.url.path)
        raise httpx.ReadError("reset", request=request)

    for path, times in (("/projects", 1), ("/leases/x/submissions", 3)):
        calls.clear()
        with pytest.raises(ApiError, match="doesn't answer"):
            api_of(handler).post(path, {})
        assert len(calls) == times


def test_a_problem_document_becomes_its_sentence():
    body = {"detail": "The lease has expired.", "code": "lease-expired"}
    with pytest.raises(ApiError, match=r"The lease has expired\.") as caught:
        api_of(lambda r: httpx.Response(410, json=body)).get("/x")
    assert (caught.value.status, caught.value.code) == (410, "lease-expired")
