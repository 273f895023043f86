"""``python -m stemsite.gateway``, as ``manage.py serve`` starts it."""

import argparse
import asyncio
import logging

from stemsite.gateway.limits import Limits
from stemsite.gateway.server import Server, listen


async def _run(host: str, port: int, upstream: str, limits: Limits) -> None:
    await Server(listen(host, port), upstream, limits).run()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stemsite.gateway", description=__doc__)
    parser.add_argument("--host", required=True, help="address to listen on")
    parser.add_argument("--port", required=True, type=int, help="port to listen on")
    parser.add_argument("--upstream", required=True, help="path of gunicorn's socket")
    parser.add_argument("--limits", required=True, type=Limits.from_json, help="limits as JSON")
    options = parser.parse_args()
    logging.basicConfig(format="%(asctime)s - %(name)s - %(levelname)s - %(message)s")
    asyncio.run(_run(options.host, options.port, options.upstream, options.limits))


if __name__ == "__main__":
    main()
