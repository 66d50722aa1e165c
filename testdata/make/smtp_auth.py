#!/usr/bin/python3
"""An SMTP server that asks for a password in clear text (python3-aiosmtpd).

usage: smtp_auth.py ADDRESS PORT
"""
import asyncio
import sys

from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP, AuthResult


def check(_server, _session, _envelope, _mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"alice", b"Correct-Horse-7"), handled=False)


async def serve():
    def protocol():
        return SMTP(Sink(), hostname="mail.corp.example", authenticator=check, auth_require_tls=False, auth_required=True)
    server = await asyncio.get_running_loop().create_server(protocol, sys.argv[1], int(sys.argv[2]))
    await server.serve_forever()


asyncio.run(serve())
