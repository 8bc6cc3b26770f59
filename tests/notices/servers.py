"""A webhook's and a mail server's other end, real enough: each answers in a thread and keeps what it got."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hook(ThreadingHTTPServer):
    """Answers every POST with `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status = status
        self.got: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Answer(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.headers.append(dict(self.headers))
        self.send_response(self.server.status)
        if 300 <= self.server.status < 400:
            self.send_header("Location", f"http://127.0.0.1:{self.server.port}/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


class Mail(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as one letter needs. `recipient`: what it answers to each."""

    def __init__(self, recipient: bytes = b"250 fine") -> None:
        super().__init__(("127.0.0.1", 0), _Letter)
        self.letters: list[str] = []
        self.recipient = recipient


class _Letter(socketserver.StreamRequestHandler):
    server: Mail

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline().decode().strip().upper():
            if line == "DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.letters.append(b"".join(lines).decode())
            answers = {"QUIT": b"221 bye", "RCPT": self.server.recipient}
            self.wfile.write(answers.get(line[:4], b"250 fine") + b"\r\n")
            if line == "QUIT":
                return


@contextmanager
def running(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
