"""Connects to a service with the adapter for its API."""

from collections.abc import Iterator
from contextlib import contextmanager

from separation.separators.remote.backoff import CancellableWait
from separation.separators.remote.generic import GenericAdapter
from separation.separators.remote.http import ServiceClient, TransientError
from separation.separators.remote.service_adapter import ServiceAdapter
from separation.separators.remote.stemsite import API, Health, StemsiteAdapter
from separation.settings import RemoteSettings

_STARTING = (429, 502, 503, 504)
_ANY_ANSWER = tuple(status for status in range(300, 600) if status not in _STARTING)
"""Statuses that decide the kind of service. A service that is starting is queried again instead."""


@contextmanager
def connected(
    settings: RemoteSettings, waiter: CancellableWait, *, retries: int | None = None
) -> Iterator[ServiceAdapter]:
    """Connect to the service for the block and yield its adapter. Raises ``RemoteFailed``."""
    name: str
    with ServiceClient(settings, waiter, retries=retries) as client:
        name = settings.dialect
        if name == "auto":
            name = "stemsite" if client.repeated(lambda: _is_stemsite(client)) else "generic"
        if name == "stemsite":
            # django-rest-knox uses the scheme Token where others use Bearer.
            client.authorization = f"Token {settings.token}"
            yield StemsiteAdapter(client)
        else:
            yield GenericAdapter(client)


def _is_stemsite(client: ServiceClient) -> bool:
    answer = client.call("GET", f"{API}/health", also=_ANY_ANSWER, authorized=False)
    try:
        client.parsed(answer, Health)
    except TransientError:
        return False
    return True
