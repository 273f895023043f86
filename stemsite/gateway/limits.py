"""What one client may take, as ``manage.py serve`` hands it over from the settings."""

import json
from dataclasses import asdict, dataclass
from ipaddress import ip_address, ip_network


@dataclass(frozen=True)
class Limits:
    header_s: float
    """From the first byte of a request, or from connecting, to the end of its headers."""

    idle_s: float
    """Between two requests on one connection."""

    header_bytes: int
    buffer_bytes: int
    """Of a body before a thread sees it, and of an answer after a thread made it."""

    pace_s: float
    """How long a client may be waited for until ``pace_bytes_per_s`` are asked of it."""

    pace_bytes_per_s: int
    give_way_s: float
    """How long a client that is too slow is left alone where others need its place."""

    connections: int
    address_connections: int
    """Of one address; of one /64 network with IPv6."""

    threads: int
    """Requests that gunicorn serves at once."""

    address_threads: int
    queue_s: float
    """How long a request waits for a thread."""

    drain_s: float
    """How long requests go on after the signal to stop."""

    proxies: tuple[str, ...] = ()
    """Networks whose connections are those of a reverse proxy, which names the client in
    X-Forwarded-For."""

    def is_proxy(self, address: str) -> bool:
        try:
            peer = ip_address(address)
        except ValueError:
            return False
        return any(peer in ip_network(network) for network in self.proxies)

    @property
    def body_threads(self) -> int:
        """Threads that may wait for bodies: the others are for everybody else."""
        return max(1, self.threads * 3 // 4)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Limits":
        values = json.loads(text)
        return cls(**{**values, "proxies": tuple(values["proxies"])})
