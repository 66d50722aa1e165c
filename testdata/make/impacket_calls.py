#!/usr/bin/python3
"""Remote procedure calls by impacket, for the captures.

    impacket_calls.py epm HOST                      the endpoint mapper over TCP
    impacket_calls.py psexec HOST USER PASSWORD     a program on ADMIN$, a service, a task
"""
import io
import sys

from impacket.dcerpc.v5 import epm, scmr, transport, tsch
from impacket.smbconnection import SMB2_DIALECT_21, SMBConnection


def endpoints(host):
    rpc = transport.DCERPCTransportFactory("ncacn_ip_tcp:%s[135]" % host).get_dce_rpc()
    rpc.connect()
    rpc.bind(epm.MSRPC_UUID_PORTMAP)
    print(len(epm.hept_lookup(None, dce=rpc)), "endpoints")
    rpc.disconnect()


def refused(what, call, *args):
    """Makes a call that the server may not know."""
    try:
        return call(*args)
    except Exception as e:  # whatever the server says is what we want in the capture
        print(what, e)


def pipe(conn, name, interface):
    trans = transport.SMBTransport(conn.getRemoteHost(), filename=name, smb_connection=conn)
    rpc = trans.get_dce_rpc()
    rpc.connect()
    rpc.bind(interface)
    return rpc


def psexec(host, user, password):
    conn = SMBConnection(host, host, preferredDialect=SMB2_DIALECT_21)  # in SMB 3 it would encrypt
    conn.login(user, password)
    program = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + b"\x00" * 48 + b"This program cannot be run in DOS mode.\r\n$" + b"\x00" * 4000
    conn.putFile("ADMIN$", "XKQvTzRb.exe", io.BytesIO(program).read)
    rpc = pipe(conn, r"\svcctl", scmr.MSRPC_UUID_SCMR)
    manager = refused("OpenSCManager", scmr.hROpenSCManagerW, rpc)
    handle = manager["lpScHandle"] if manager else b"\0" * 20
    for name, command in (("XKQv", r"%SystemRoot%\XKQvTzRb.exe"),
                          ("BTOBTO", r"%COMSPEC% /Q /c echo whoami ^> \\127.0.0.1\C$\__output 2^>^&1 > %TEMP%\execute.bat & %COMSPEC% /Q /c %TEMP%\execute.bat & del %TEMP%\execute.bat")):
        refused("CreateService", scmr.hRCreateServiceW, rpc, handle, name + "\x00", name + "\x00", 0xf01ff, 0x10, 3, 1, command + "\x00")
    rpc.disconnect()
    refused("task", task, conn)
    conn.logoff()


def task(conn):
    rpc = pipe(conn, r"\atsvc", tsch.MSRPC_UUID_TSCHS)
    tsch.hSchRpcRegisterTask(rpc, "\\Update", "<Task/>", tsch.TASK_CREATE, None, 0)


if __name__ == "__main__":
    {"epm": endpoints, "psexec": psexec}[sys.argv[1]](*sys.argv[2:])
