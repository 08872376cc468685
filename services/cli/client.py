"""A small client of the public API, for the CLI, the simulated crowd and scripts.

with Client("http://127.0.0.1:8080", key="brk_…") as client:
    for project in client.pages("/projects"):
        ...
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from shared.errors import BrambleError

API = "/api/v1"
_RETRY = {429, 502, 503, 504}


class ApiError(BrambleError):
    """The server said no. `status` and `code` are the problem document's; the text is its sentence."""

    def __init__(self, status: int, code: str, detail: str, body: dict[str, Any]) -> None:
        super().__init__(detail, code=code)
        self.status, self.body = status, body


class Client:
    """Speaks `/api/v1` with an API key, or with a session after `login` or `guest`. Retries what may pass (429, 502–504, lost
    connections on idempotent calls)."""

    def __init__(self, url: str = "", key: str = "", *, timeout_s: float = 60.0, tries: int = 5) -> None:
        self.url = (url or os.environ.get("BRAMBLE_URL") or "http://127.0.0.1:8080").rstrip("/")
        self._tries = tries
        headers = {"Accept": "application/json"}
        key = key or os.environ.get("BRAMBLE_API_KEY", "")
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self.http = httpx.Client(
            base_url=self.url, headers=headers, timeout=timeout_s, follow_redirects=False
        )
        self.me: dict[str, Any] = {}

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    # Sessions

    def login(self, email: str, password: str) -> dict[str, Any]:
        """Start a session; later calls carry its cookie and CSRF token."""
        return self._session("/auth/login", {"email": email, "password": password})

    def guest(self, name: str = "") -> dict[str, Any]:
        """Start a guest's session, with consent to the current version."""
        version = self.get("/consent")["version"]
        body = {"consent_version": version}
        return self._session("/auth/guest", {**body, "display_name": name} if name else body)

    def _session(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.me = self.post(path, body)
        self.http.headers["X-CSRF-Token"] = self.me["csrf_token"]
        return self.me

    # Verbs

    def get(self, path: str, **params: Any) -> Any:
        return self.call("GET", path, params={k: v for k, v in params.items() if v is not None})

    def post(self, path: str, body: Any = None, **params: Any) -> Any:
        return self.call("POST", path, json=body, params=params or None)

    def put(self, path: str, body: Any) -> Any:
        return self.call("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> Any:
        return self.call("PATCH", path, json=body)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)

    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        """One call; the parsed JSON, None for 204, bytes for other types. Raises ApiError."""
        response = self.send(method, path, **kwargs)
        if response.status_code == 204 or not response.content:
            return None
        if response.headers.get("content-type", "").startswith(
            ("application/json", "application/problem+json")
        ):
            return response.json()
        return response.content

    def send(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """One call with retries; the response, which is below 400."""
        for attempt in range(self._tries):
            last = attempt == self._tries - 1
            try:
                response = self.http.request(method, API + path, **kwargs)
            except httpx.TransportError as error:
                # A POST may have been carried out; only those with a client_key are safe to send again.
                idempotent = method != "POST" or path.endswith("/submissions")
                if last or not idempotent:
                    text = f"{self.url} doesn't answer ({error}); is Bramble running there?"
                    raise ApiError(0, "unreachable", text, {}) from error
                time.sleep(min(0.2 * 2**attempt, 5.0))
                continue
            if response.status_code in _RETRY and not last:
                time.sleep(min(float(response.headers.get("Retry-After") or 0.2 * 2**attempt), 10.0))
                continue
            return _checked(response)
        raise AssertionError("unreachable: the last try returns or raises")

    def pages(self, path: str, limit: int = 200, **params: Any) -> Iterator[dict[str, Any]]:
        """All items of a keyset-paged list."""
        cursor: str | None = None
        while True:
            page = self.get(path, limit=limit, cursor=cursor, **params)
            yield from page["items"]
            cursor = page.get("next")
            if not cursor:
                return

    def upload(
        self, project_id: str, files: list[tuple[str, bytes | BinaryIO]], group: str | None = None
    ) -> dict[str, Any]:
        """Upload files (name, bytes or an open file) in one request; the summary with a result a file."""
        parts = [("files", (name, data)) for name, data in files]
        params = {"group": group} if group else None
        answer: dict[str, Any] = self.call(
            "POST", f"/projects/{project_id}/images", files=parts, params=params
        )
        return answer

    def download(self, path: str, target: Path) -> Path:
        """Stream a GET to a file, whole or not at all."""
        part = target.with_name(target.name + ".part")
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.http.stream("GET", API + path, timeout=600) as response:
            if response.status_code >= 400:
                response.read()
                _checked(response)
            with part.open("wb") as file:
                for chunk in response.iter_bytes(1 << 20):
                    file.write(chunk)
        part.replace(target)
        return target

    def wait(self, job: dict[str, Any], on_progress: Any = None, poll_s: float = 1.0) -> dict[str, Any]:
        """Poll a job to its end; the job. Raises ApiError when it failed or was cancelled."""
        while True:
            job = self.get(f"/jobs/{job['id']}")
            if on_progress is not None:
                on_progress(job)
            if job["status"] in ("succeeded", "failed", "cancelled"):
                break
            time.sleep(poll_s)
        if job["status"] != "succeeded":
            raise ApiError(
                0, f"job-{job['status']}", job.get("error") or f"The job was {job['status']}.", job
            )
        return job


def _checked(response: httpx.Response) -> httpx.Response:
    if response.status_code < 400:
        return response
    try:
        body = response.json()
        detail, code = body["detail"], body.get("code", "error")
    except Exception:
        body, code = {}, "error"
        detail = f"The server answered {response.status_code} without saying why."
    raise ApiError(response.status_code, code, detail, body)
