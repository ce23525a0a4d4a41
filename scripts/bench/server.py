"""ministack on loopback, counting the API calls it gets.

Needs PORT as its argument and runs in the environment that holds ministack. Beside ministack's
own paths it answers `GET /_bench/calls` with the number of calls by action since the last
`POST /_bench/reset`.
"""

import asyncio
import collections
import json
import os
import sys
import urllib.parse

PORT = sys.argv[1]
os.environ |= {
    "BIND_HOST": "127.0.0.1",
    "GATEWAY_PORT": PORT,
    "MINISTACK_REGION": "eu-central-1",
    "DOCKER_HOST": "unix:///nonexistent.sock",
    "LOG_LEVEL": "WARNING",
}

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from ministack.app import app as ministack  # noqa: E402

calls: collections.Counter[str] = collections.Counter()


async def app(scope, receive, send):
    """Counts query-protocol calls on their way to ministack."""
    if scope["type"] != "http":
        return await ministack(scope, receive, send)
    if scope["path"] == "/_bench/calls":
        return await answer(send, json.dumps(calls).encode())
    if scope["path"] == "/_bench/reset":
        calls.clear()
        return await answer(send, b"{}")
    body = bytearray()

    async def counting_receive():
        message = await receive()
        if message["type"] == "http.request":
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                count(body)
        return message

    return await ministack(scope, counting_receive, send)


def count(body):
    """An action stands in the form that is the body of a query-protocol call."""
    form = urllib.parse.parse_qs(body.decode("utf-8", "replace"))
    for action in form.get("Action", []):
        calls[action] += 1


async def answer(send, body):
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


config = Config()
config.bind = [f"127.0.0.1:{PORT}"]
config.keep_alive_timeout = 75
asyncio.run(serve(app, config))
