"""One POST to one pinned address: no redirects, no proxy, little patience."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from labeller import VERSION
from labeller.notices.outbound import Target

TIMEOUT_S = 5.0  # for each step: connecting, writing, each piece of the answer
WHOLE_S = 15.0  # for all of it: an answer that drips in is cut off


class _Pinned(http.client.HTTPConnection):
    """Opens the address that was checked, whatever the name means by now; the certificate is the name's."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=TIMEOUT_S)
        self._pinned, self._tls = address, target.scheme == "https"
        self.default_port = 443 if self._tls else 80

    def connect(self) -> None:
        self.sock = socket.create_connection((self._pinned, self.port), TIMEOUT_S)
        if self._tls:
            tls = ssl.create_default_context()
            # The handshake comes when the socket is known here already: it may drip in too.
            self.sock = tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()


def post(target: Target, address: str, message: Mapping[str, Any]) -> int:
    """The status of the answer, whose body is not read. Raises OSError and http.client.HTTPException."""
    connection = _Pinned(target, address)
    headers = {"Content-Type": "application/json", "User-Agent": f"Labeller/{VERSION}", "Connection": "close"}
    with _cut_off(connection):
        try:
            connection.request("POST", target.path, json.dumps(message).encode(), headers)
            return connection.getresponse().status
        finally:
            connection.close()


@contextlib.contextmanager
def _cut_off(connection: http.client.HTTPConnection) -> Iterator[None]:
    def shut() -> None:
        with contextlib.suppress(OSError, AttributeError):
            # The plain socket's own: a reader in the other thread wakes by it, and TLS is not asked for a farewell.
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    timer = threading.Timer(WHOLE_S, shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
