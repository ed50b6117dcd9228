"""Calling a provider: what a failed connection says about whether it has the message."""

from typing import Any

import httpx

from api.channels.port import TryLater


async def ask(client: httpx.AsyncClient, method: str, url: str, **request: Any) -> httpx.Response:
    """Return the provider's answer, whatever its status.

    Raises TryLater: ``maybe_sent`` unless the connection never stood.
    """
    try:
        return await client.request(method, url, **request)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise TryLater(type(error).__name__) from None
    except httpx.TransportError as error:
        raise TryLater(type(error).__name__, maybe_sent=True) from None
