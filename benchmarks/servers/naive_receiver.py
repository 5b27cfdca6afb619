"""(j) What one would write in an afternoon: every report becomes a row, before it is answered.

It looks up no token, understands nothing, and tells nobody.
"""

import asyncio
import json
import sqlite3
import sys
import threading

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

address, file = sys.argv[1:]
connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA synchronous = FULL")
connection.execute("CREATE TABLE reports (number INTEGER PRIMARY KEY, path TEXT NOT NULL, variables TEXT NOT NULL)")
lock = threading.Lock()


def write(path: str, variables: str) -> None:
    with lock:
        connection.execute("INSERT INTO reports (path, variables) VALUES (?, ?)", (path, variables))


async def report(request: Request) -> Response:
    await asyncio.to_thread(write, request.url.path, json.dumps(dict(request.query_params)))
    return Response()


app = Starlette(routes=[Route("/reports/{rest:path}", report)])
host, _, port = address.rpartition(":")
uvicorn.run(app, host=host, port=int(port), loop="uvloop", lifespan="off", access_log=False, log_level="warning")
