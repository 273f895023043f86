"""The limits of the gateway; ``manage.py serve`` passes them from the settings."""

import json
from dataclasses import asdict, dataclass
from ipaddress import ip_address, ip_network


@dataclass(frozen=True)
class Limits:
    header_s: float
    """Seconds from the first byte of a request, or from connecting, to the end of its headers."""

    idle_s: float
    """Seconds between two requests on one connection."""

    header_bytes: int
    buffer_bytes: int
    """Bytes of a body that are buffered before a thread reads it, and of an answer after it."""

    pace_s: float
    """Seconds of waiting for a client over which ``pace_bytes_per_s`` is averaged."""

    pace_bytes_per_s: int
    give_way_s: float
    """Seconds for which a client may be too slow before it gives way to others."""

    connections: int
    address_connections: int
    """Connections of one address, or of one /64 network of IPv6."""

    threads: int
    """Requests that gunicorn serves at the same time."""

    address_threads: int
    queue_s: float
    """Seconds for which a request waits for a thread."""

    drain_s: float
    """Seconds for which requests continue after the stop signal."""

    proxies: tuple[str, ...] = ()
    """Networks of trusted reverse proxies, which name the client in X-Forwarded-For."""

    def is_proxy(self, address: str) -> bool:
        try:
            peer = ip_address(address)
        except ValueError:
            return False
        return any(peer in ip_network(network) for network in self.proxies)

    @property
    def body_threads(self) -> int:
        """Threads that may wait for bodies; the others are free for requests without one."""
        return max(1, self.threads * 3 // 4)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Limits":
        values = json.loads(text)
        return cls(**{**values, "proxies": tuple(values["proxies"])})
