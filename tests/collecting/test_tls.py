"""Certificates that prove nothing: the source says why, and nothing is read."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rongmei.archive.models import Document
from rongmei.archive.tests.collectors import fetch, watch
from rongmei.kernel.http import Limits
from rongmei.network.testing import Cast

pytestmark = pytest.mark.django_db

HOST = "news.example.test"
PATIENT = Limits(connect=20, read=20, total=40)
BODY = b"<rss version='2.0'><channel><title>t</title><item><title>one</title><link>/1</link><description>two</description></item></channel></rss>"
# What is wrong with the certificate, and what of it the message must hold.
CERTIFICATES = {"expired": "expired", "self-signed": "self", "other-host": "match"}


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(kind: str) -> bytes:
    """A certificate of the test's own authority (`ca` is the authority itself), in PEM."""
    now = datetime.now(UTC)
    issuer = _named(HOST if kind == "self-signed" else "example authority")
    subject = issuer if kind == "ca" else _named(HOST)
    host = "elsewhere.example.test" if kind == "other-host" else HOST
    ends = now - timedelta(days=1) if kind == "expired" else now + timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=kind == "ca", path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(_key(), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@contextmanager
def secure_site(kind: str, folder: Path) -> Iterator[int]:
    """A server with such a certificate, in a thread; yields its port."""
    chain = folder / "server.pem"
    key = _key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain.write_bytes(key + certificate(kind))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    loop = asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + BODY)
        await writer.drain()
        writer.close()

    server = loop.run_until_complete(asyncio.start_server(answer, "127.0.0.1", 0, ssl=context))
    # The door hangs up in the middle of the handshake: that is what is tested.
    loop.set_exception_handler(lambda *_: None)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def _trusting(folder: Path) -> ssl.SSLContext:
    authority = folder / "ca.pem"
    authority.write_bytes(certificate("ca"))
    return ssl.create_default_context(cafile=str(authority))


async def _here(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest.mark.parametrize("kind", CERTIFICATES)
def test_a_certificate_that_proves_nothing_is_named_and_nothing_read(
    cast: Cast, tmp_path: Path, kind: str
) -> None:
    with secure_site(kind, tmp_path) as port:
        source = watch(cast, f"https://{HOST}:{port}/feed.xml", internal=True)
        state = fetch(source, limits=PATIENT, resolve=_here, ssl_context=_trusting(tmp_path))
    assert state.outcome == "tls"
    assert HOST in state.message
    assert CERTIFICATES[kind] in state.message
    assert not Document.objects.exists()


def test_a_certificate_of_a_trusted_authority_is_read(cast: Cast, tmp_path: Path) -> None:
    with secure_site("sound", tmp_path) as port:
        source = watch(cast, f"https://{HOST}:{port}/feed.xml", internal=True, full_text=False)
        state = fetch(source, limits=PATIENT, resolve=_here, ssl_context=_trusting(tmp_path))
    assert state.outcome == "ok", state.message
    assert Document.objects.count() == 1
