"""A TCP proxy between services and one server, or another service, which can be cut, delayed, and vanish."""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class Proxy:
    """Listens on `port` of the loopback and passes bytes on to `target`. Thread a direction; for tests' traffic only."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.delay_s = 0.0
        self._cut = False
        self._gone: set[socket.socket] = set()  # passes nothing on any more, and is never ended from here
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name=f"proxy-{target}", daemon=True).start()

    def cut(self) -> None:
        """Break all connections, and each new one, until `mend`."""
        self._cut = True
        with self._lock:
            broken, self._open = self._open, set()
        for one in broken:
            _end(one)

    def vanish(self) -> int:
        """All connections that are open pass nothing on any more, and nobody is told, as when a peer loses its power or a router its
        table; new ones work. Answers how many there were."""
        with self._lock:
            gone, self._open = self._open, set()
            self._gone |= gone
        return len(gone) // 2

    def mend(self) -> None:
        """Pass on again, at once."""
        self._cut, self.delay_s = False, 0.0

    def close(self) -> None:
        """Stop listening and break what is open."""
        self.cut()
        _end(self._listener)
        with self._lock:
            gone, self._gone = self._gone, set()
        for one in gone:
            _end(one)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._cut:
                _end(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                _end(client)
                continue
            server.settimeout(None)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if self.delay_s:
                    time.sleep(self.delay_s)
                if source in self._gone:
                    continue  # swallowed
                sink.sendall(data)
        with self._lock:
            if source in self._gone:
                return  # whoever hung up isn't heard either
            self._open -= {source, sink}
        _end(source)
        _end(sink)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
