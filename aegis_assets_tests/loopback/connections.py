"""A port on 127.0.0.1 with a thread for each connection, all gone when it closes."""

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread

Talk = Callable[[socket.socket], None]
_BACKLOG = 128


class Port:
    """Runs `talk` on each connection; `stopping` is set when the port closes."""

    def __init__(self, talk: Talk, number: int = 0) -> None:
        self.stopping = Event()
        self._talk = talk
        self._lock = Lock()
        self._open: dict[socket.socket, Thread] = {}
        self._listener = socket.create_server(("127.0.0.1", number), backlog=_BACKLOG)
        self.number: int = self._listener.getsockname()[1]
        self._acceptor = Thread(target=self._accept, name="loopback-port", daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        self.stopping.set()
        # A knock wakes the acceptor everywhere; closing its socket does so only on some systems.
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.number), timeout=1).close()
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            held = dict(self._open)
        for connection in held:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in held.values():
            thread.join()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self.stopping.is_set():
                connection.close()
                return
            thread = Thread(target=self._serve, args=(connection,), name="loopback", daemon=True)
            with self._lock:
                self._open[connection] = thread
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with suppress(OSError):  # the client left, or we are closing
                self._talk(connection)
        finally:
            with self._lock:
                del self._open[connection]
            connection.close()
