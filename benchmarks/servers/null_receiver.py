"""(i) The least that uvicorn can do: it reads a request, and answers 200."""

import sys

import uvicorn


async def app(_scope, receive, send) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


host, _, port = sys.argv[1].rpartition(":")
uvicorn.run(app, host=host, port=int(port), loop="uvloop", lifespan="off", access_log=False, log_level="warning")
