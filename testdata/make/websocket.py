#!/usr/bin/python3
"""A WebSocket echo server, or a client of it (python3-websockets).

usage: websocket.py server PORT | client URL
"""
import asyncio
import sys

import websockets


async def echo(socket, _path=None):
    async for message in socket:
        await socket.send(message)


async def serve(port):
    async with websockets.serve(echo, "0.0.0.0", port):
        await asyncio.Future()


async def talk(url):
    async with websockets.connect(url) as socket:
        for message in ("hello", "x" * 300, b"\x00\x01binary", "compressible " * 200):
            await socket.send(message)
            assert await socket.recv() == message
        await socket.ping()


asyncio.run(serve(int(sys.argv[2])) if sys.argv[1] == "server" else talk(sys.argv[2]))
