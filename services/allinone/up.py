"""`bramble up` and `bramble serve`: start, say when ready, stop cleanly."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

import uvicorn
from starlette.types import ASGIApp

from services.allinone.compose import Platform
from services.allinone.migrate import migrate
from shared import telemetry
from shared.settings import SERVICES, Settings

log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """uvicorn, with a call when the socket listens."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: object = None) -> None:
        await super().startup(sockets=sockets)  # type: ignore[arg-type]
        if self.started:
            self._on_ready()


def server_config(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves `app`. Whose word about the client's address counts is for `settings` to say."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        # h11 in pure Python costs more CPU than all of a submission's own work.
        http="httptools",
        loop="uvloop" if sys.platform != "win32" else "auto",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        server_header=False,
        # Without a public URL nobody stands in front, and a client could claim to be another.
        proxy_headers=bool(settings.public_url),
        forwarded_allow_ips=settings.forwarded_allow_ips,
        backlog=1024,
    )


def run(
    settings: Settings,
    services: Sequence[str] = SERVICES,
    *,
    on_ready: Callable[[Platform], None] | None = None,
    auto_migrate: bool = True,
) -> int:
    """Serve until a signal comes; answers the exit code."""
    gc.disable()  # until ready: importing makes only what stays, and walking over it again and again costs a tenth of the start
    telemetry.configure_logging(settings.log_level, settings.log_format)
    if auto_migrate:
        migrate(settings)
    platform = Platform(settings, services)
    app = platform.build()
    config = server_config(settings, app)

    def ready() -> None:
        # What is there now stays: without it every full collection walks over all imported modules again.
        gc.collect()
        gc.freeze()
        # A request makes thousands of short-lived objects and hardly any ring, so rings are looked for less often than every 700.
        gc.set_threshold(10_000, 20, 20)
        gc.enable()
        platform.start()
        if on_ready is not None:
            threading.Thread(target=on_ready, args=(platform,), name="on-ready", daemon=True).start()

    server = _Server(config, ready)
    try:
        server.run()
    finally:
        platform.stop()
    return 0 if server.started else 1


def seed_demo(settings: Settings, email: str, password: str) -> subprocess.Popen[bytes]:
    """Load the demo project through the public API, in a process of its own: reading the template needs libraries and memory that
    the server shouldn't keep."""
    command = [sys.executable, "-m", "services.cli.main", "--url", base_url(settings), "demo", "seed"]
    env = {**os.environ, "BRAMBLE_EMAIL": email, "BRAMBLE_PASSWORD": password}
    return subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL)


def base_url(settings: Settings) -> str:
    """Where this machine reaches the server."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104 - compared, not bound
    return settings.public_url or f"http://{host}:{settings.port}"


def announce(platform: Platform, started: float) -> None:
    """Print the address and, for the demo, the accounts; then load the demo project."""
    settings = platform.settings
    url = base_url(settings)
    out = sys.stdout
    out.write(f"\nBramble is ready at {url}  ({time.perf_counter() - started:.1f} s)\n")
    if settings.demo:
        from services.gateway.bootstrap import ensure_demo_accounts

        accounts = ensure_demo_accounts(platform.deps["gateway"])
        out.write("Demo accounts (for trying out on this machine only):\n")
        for email, password, role in accounts:
            out.write(f"  {role:<10} {email:<28} {password}\n")
        out.flush()
        lab = next((a for a in accounts if str(a[2]) == "lab"), None)
        if lab is not None:
            code = seed_demo(settings, lab[0], lab[1]).wait()
            out.write(
                "The demo project is loaded.\n"
                if code == 0
                else "The demo project could not be loaded; see above.\n"
            )
    out.write("Stop with Ctrl-C.\n")
    out.flush()
