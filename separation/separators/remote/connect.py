"""Which dialect a service speaks."""

from collections.abc import Iterator
from contextlib import contextmanager

from separation.separators.remote.backoff import CancellableWait
from separation.separators.remote.generic import GenericAdapter
from separation.separators.remote.http import ServiceClient, Trouble
from separation.separators.remote.service_adapter import ServiceAdapter
from separation.separators.remote.stemsite import API, Health, StemsiteAdapter
from separation.settings import RemoteSettings

_STARTING = (429, 502, 503, 504)
_ANY_ANSWER = tuple(status for status in range(300, 600) if status not in _STARTING)
"""What decides; a service that is just starting is asked again, not taken for another kind."""


@contextmanager
def connected(
    settings: RemoteSettings, heart: CancellableWait, *, retries: int | None = None
) -> Iterator[ServiceAdapter]:
    """The service in its own words, as long as the block lasts. Raises ``RemoteFailed``."""
    name: str
    with ServiceClient(settings, heart, retries=retries) as client:
        name = settings.dialect
        if name == "auto":
            name = "stemsite" if client.repeated(lambda: _is_stemsite(client)) else "generic"
        if name == "stemsite":
            # knox's word, where others say Bearer.
            client.authorization = f"Token {settings.token}"
            yield StemsiteAdapter(client)
        else:
            yield GenericAdapter(client)


def _is_stemsite(client: ServiceClient) -> bool:
    answer = client.call("GET", f"{API}/health", also=_ANY_ANSWER, authorized=False)
    try:
        client.parsed(answer, Health)
    except Trouble:
        return False
    return True
