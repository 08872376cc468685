"""Delivers webhooks: one thread, signed POSTs, retries with back-off, and never into a private network (unless allowed)."""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from services.gateway.domain.hooks import check_addresses, check_url, sign
from services.gateway.store_hooks import Due, HookStore
from shared.clock import Clock
from shared.errors import InvalidInput

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

Resolve = Callable[[str, int], list[str]]
_TIMEOUT_S, _CONNECT_S = 10.0, 5.0


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host. Raises OSError."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class WebhookWorker(threading.Thread):
    """Works off due deliveries. Several replicas may run one each; a delivery is claimed by one."""

    def __init__(
        self,
        store: HookStore,
        clock: Clock,
        *,
        allow_private: bool,
        resolver: Resolve = resolve,
        idle_s: float = 2.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._store, self._clock, self._allow_private = store, clock, allow_private
        self._resolve, self._idle_s, self._transport = resolver, idle_s, transport
        self._halt = threading.Event()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop after the delivery at hand."""
        self._halt.set()
        if self.is_alive():
            self.join(timeout_s)

    def run(self) -> None:
        swept = 0.0
        while not self._halt.wait(self._idle_s):
            try:
                # No webhook, no work: the usual case costs one look at a cached list.
                if not self._store.all_hooks():
                    continue
                while self.deliver_due() and not self._halt.is_set():
                    pass
                if time.monotonic() - swept > 3600:
                    self._store.sweep()
                    swept = time.monotonic()
            except Exception:
                log.warning("webhooks could not be worked off; next try soon", exc_info=True)
                self._halt.wait(5)

    def deliver_due(self) -> int:
        """Try what is due, at most ten; answers how many were tried."""
        import httpx  # here, as in shared.peers

        due = self._store.claim()
        if not due:
            return 0
        with httpx.Client(
            timeout=httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_S),
            trust_env=False,
            follow_redirects=False,
            transport=self._transport,
        ) as client:
            for item in due:
                if self._halt.is_set():
                    break  # its lease runs out and it comes due again
                problem = self._try(client, item)
                if problem is None:
                    self._store.delivered(item)
                else:
                    log.info("webhook %s: try %d failed: %s", item.webhook_id, item.tries + 1, problem)
                    self._store.failed(item, problem)
        return len(due)

    def _try(self, client: httpx.Client, item: Due) -> str | None:
        try:
            answer = client.send(self._request(client, item), stream=True)
            # The body isn't read: the receiver's word is its status, and a huge answer costs nothing.
            answer.close()
        except InvalidInput as error:
            return error.detail
        except Exception as error:
            # Whatever one receiver's address or answer provokes, the other deliveries go on.
            return type(error).__name__
        return None if answer.is_success else f"answered {answer.status_code}"

    def _request(self, client: httpx.Client, item: Due) -> httpx.Request:
        import httpx

        check_url(item.url, allow_private=self._allow_private)
        url = httpx.URL(item.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        addresses = self._resolve(url.host, port)
        check_addresses(addresses, allow_private=self._allow_private)
        # The judged address is the one that is called: a name that resolves anew to a private one a moment later gains nothing.
        address = ipaddress.ip_address(addresses[0].partition("%")[0])
        host = url.netloc.decode("ascii")
        headers = {
            "Host": host,
            "Content-Type": "application/json",
            "User-Agent": "bramble-webhook/1",
            "X-Bramble-Event": item.type,
            "X-Bramble-Delivery": item.event_id,
            "X-Bramble-Signature": sign(item.secret, self._clock.now_us() // 1_000_000, item.body),
        }
        pinned = url.copy_with(host=str(address))
        return client.build_request(
            "POST", pinned, content=item.body, headers=headers, extensions={"sni_hostname": url.host}
        )
