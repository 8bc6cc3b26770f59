"""Which addresses a webhook may reach: the table of tricks, and what the server's owner allows."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.notices import webhook
from labeller.notices.outbound import AddressRefused, Target, is_public, parse, resolve
from tests.notices.servers import Hook, running

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.5", "172.16.3.4", "172.31.255.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "198.18.0.1", "192.0.2.7", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1",
    "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.5", "2002:7f00:1::", "2002:a00:5::1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_told_from_public_ones_however_they_are_dressed(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:2800:21f:cb07::1", "::ffff:1.1.1.1"])
def test_public_ones_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_an_ipv6_one_is_as_public_as_itself(inner: ipaddress.IPv4Address) -> None:
    for dressed in (f"::ffff:{inner}", str(ipaddress.IPv6Address((0x64FF9B << 96) | int(inner)))):
        assert is_public(ipaddress.ip_address(dressed)) == is_public(inner)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org/hook", "ftp://example.org/", "file:///etc/passwd", "javascript:alert(1)", "https://",
        "https:///hook", "http://example.org/", "https://user:secret@example.org/", "https://example.org:99999/",
        "https://exa mple.org/", "https://example.org/\r\nHost: other", "https://example.org\\@10.0.0.5/",
        "https://müller.example/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.5]/",
        "https://169.254.169.254/latest/meta-data/",
    ],
)  # fmt: skip
def test_what_is_no_public_https_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        parse(url, allowed=[])


def test_a_public_https_address_is_taken_apart() -> None:
    target = parse("https://Hooks.Example.org/services/T0?x=1#part", allowed=[])
    assert target == Target("https", "hooks.example.org", 443, "/services/T0?x=1", False)
    assert parse("https://example.org:8443", allowed=[]).path == "/"


@pytest.mark.parametrize("allowed", [["chat.internal"], ["chat.internal:8065"]])
def test_the_owner_allows_a_host_without_tls(allowed: list[str]) -> None:
    assert parse("http://chat.internal:8065/hooks/x", allowed=allowed).is_allowed
    with pytest.raises(AddressRefused, match="LABELLER_WEBHOOK_HOSTS"):
        parse("http://chat.internal:8066/hooks/x", allowed=["chat.internal:8065"])
    with pytest.raises(AddressRefused):
        parse("http://chat.internal.example.org/", allowed=allowed)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
def test_a_name_or_number_that_means_this_machine_is_refused_when_it_is_looked_up(host: str) -> None:
    target = parse(f"https://{host}/", allowed=[])
    with pytest.raises(AddressRefused, match="not a public address"):
        resolve(target)
    assert resolve(parse("http://localhost/", allowed=["localhost"])) in ("127.0.0.1", "::1")


def test_the_address_that_was_checked_is_the_one_opened_whatever_the_name_means_by_then() -> None:
    with running(Hook(200)) as hook:
        target = Target("http", "renamed-since.invalid", hook.port, "/a?b=1", True)
        assert webhook.post(target, "127.0.0.1", {"text": "hello"}) == 200
    assert hook.got == [{"text": "hello"}]
    assert hook.headers[0]["Host"] == f"renamed-since.invalid:{hook.port}"


def test_an_answer_that_drips_in_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket
    import threading
    import time

    monkeypatch.setattr(webhook, "WHOLE_S", 0.6)
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                while not over.wait(0.05):
                    try:
                        connection.send(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        began = time.monotonic()
        with pytest.raises((OSError, webhook.http.client.HTTPException)):
            webhook.post(Target("http", "x", server.getsockname()[1], "/", True), "127.0.0.1", {})
        assert time.monotonic() - began < 5
        over.set()
        thread.join(timeout=5)
