"""TLS: the certificate is checked against the name, though the connection goes to an address."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from separation.errors import UrlRefused
from separation.net.url_download import DownloadLimits, downloading
from tests.separation.file_server import FileServer, file

LIMITS = DownloadLimits(max_bytes=1000, total_s=20.0, networks=(ip_network("127.0.0.0/8"),))

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl for a key")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key with a certificate for the name localhost, signed by itself."""
    target = tmp_path / "localhost.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", target, "-out", tmp_path / "certificate"),
        ],
        check=True,
        capture_output=True,
    )
    with target.open("a") as both:
        both.write((tmp_path / "certificate").read_text())
    return target


@pytest.fixture
def server(certificate: Path) -> Iterator[FileServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = FileServer(tls=context)
    server.answers["/file"] = file(b"song")
    yield server
    server.close()


def fetched(url: str) -> bytes:
    with downloading(url, LIMITS) as download:
        return b"".join(download.blocks)


def test_a_trusted_certificate_counts_for_its_name_alone(
    server: FileServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert fetched(f"https://localhost:{server.port}/file") == b"song"
    with pytest.raises(UrlRefused):
        fetched(f"https://127.0.0.1:{server.port}/file")


def test_a_certificate_that_nobody_vouches_for_is_refused(server: FileServer) -> None:
    with pytest.raises(UrlRefused):
        fetched(f"https://localhost:{server.port}/file")
