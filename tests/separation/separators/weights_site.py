"""A download site on this machine, as far as fetching weights needs one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(SimpleHTTPRequestHandler):
    """Answers weights with a redirect that states their digest, as the hub does."""

    stated_digest: str | None = None

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.suffix == ".safetensors" and path.is_file() and "stored" not in self.path:
            digest = self.stated_digest or sha256(path.read_bytes()).hexdigest()
            self.send_response(302)
            self.send_header("X-Linked-Etag", f'"{digest}"')
            self.send_header("Location", f"{self.path}?stored")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def serving(directory: Path, stated_digest: str | None = None) -> Iterator[str]:
    """The address of a site that serves ``directory``."""
    kind = type("SiteHandler", (Handler,), {"stated_digest": stated_digest})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(kind, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent_site() -> Iterator[str]:
    """An address that accepts connections and never answers."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
