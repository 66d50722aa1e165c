#!/usr/bin/env python3
"""A controller of a kiln that speaks EtherNet/IP, and a panel that asks it.

plant.py controller ADDRESS listens on TCP and UDP 44818. plant.py panel ADDRESS reads and writes what the controller has, asks for what it
has not, and exchanges data with it in cycles (UDP 2222).
"""
import socket
import struct
import sys
import threading

PORT, IO_PORT = 44818, 2222
NAME = b"Kiln controller 7"
IDENTITY = struct.pack("<HHHBBHI", 1, 14, 7, 20, 11, 0x60, 0x4B494C4E) + bytes([len(NAME)]) + NAME
TAGS = {b"Kiln_Temp": 451, b"Kiln_Set": 460}


def encap(command, session, body=b"", status=0, context=b"kiln-7\0\0"):
    return struct.pack("<HHII8sI", command, len(body), session, status, context, 0) + body


def item(kind, data=b""):
    return struct.pack("<HH", kind, len(data)) + data


def items(*parts):
    return struct.pack("<H", len(parts)) + b"".join(parts)


def pack(messages):
    """The content of a Multiple Service Packet."""
    at = [2 + 2 * len(messages)]
    for m in messages:
        at.append(at[-1] + len(m))
    return struct.pack(f"<H{len(messages)}H", len(messages), *at[:-1]) + b"".join(messages)


def unpack(b):
    n = struct.unpack_from("<H", b)[0]
    at = [*struct.unpack_from(f"<{n}H", b, 2), len(b)]
    return [b[at[i]:at[i + 1]] for i in range(n)]


def reply(service, status, data=b"", more=()):
    return struct.pack("<BBBB", service | 0x80, 0, status, len(more)) + struct.pack(f"<{len(more)}H", *more) + data


def answer(m):
    """The controller's answer to a CIP request."""
    service, words = m[0], m[1]
    path, data = m[2:2 + 2 * words], m[2 + 2 * words:]
    if path[:1] == b"\x91":
        tag = path[2:2 + path[1]]
        if tag not in TAGS:
            return reply(service, 0x05)
        if service == 0x4D:
            TAGS[tag] = struct.unpack_from("<i", data, 4)[0]
            return reply(service, 0)
        return reply(service, 0, struct.pack("<Hi", 0xC4, TAGS[tag]))
    if service == 0x0A:
        answers = [answer(x) for x in unpack(data)]
        return reply(service, 0x1E if any(a[2] for a in answers) else 0, pack(answers))
    if path[:4] == b"\x20\x01\x24\x01":
        if service == 0x01:
            return reply(service, 0, IDENTITY)
        if service == 0x0E and path[4:] == b"\x30\x07":
            return reply(service, 0, bytes([len(NAME)]) + NAME)
        if service == 0x03:
            return reply(service, 0, struct.pack("<HHHHHHI", 2, 1, 0, 1, 6, 0, 0x4B494C4E))
        return reply(service, 0x14 if service == 0x0E else 0x08)
    if path[:4] == b"\x20\x06\x24\x01" and service == 0x54:
        if data[12:14] == b"\x99\x99":  # a maker whom it does not know
            return reply(service, 0x01, data[10:18] + b"\0\0", [0x0114])
        return reply(service, 0, struct.pack("<II", 0xC0DE0001, 0xC0DE0002) + data[10:18] + struct.pack("<IIBB", 10000, 10000, 0, 0))
    if path[:4] == b"\x20\x06\x24\x01" and service == 0x4E:
        return reply(service, 0, data[2:10] + b"\0\0")
    return reply(service, 0x16)


def controller_says(m, session):
    command, length, given, _, context, _ = struct.unpack_from("<HHII8sI", m)
    body = m[24:24 + length]
    if command == 0x04:
        return encap(command, 0, items(item(0x100, struct.pack("<HH16s", 1, 0x120, b"Communications"))), 0, context)
    if command == 0x63:
        address = struct.pack(">HH4s8x", 2, PORT, socket.inet_aton(sys.argv[2]))
        return encap(command, 0, items(item(0x0C, struct.pack("<H", 1) + address + IDENTITY + b"\x03")), 0, context)
    if command == 0x64:
        return encap(command, 0, items(), 0, context)
    if command == 0x65:
        return encap(command, session, body, 0, context)
    if command in (0x6F, 0x70) and given != session:
        return encap(command, given, b"", 0x64, context)
    if command == 0x6F:
        return encap(command, session, body[:6] + items(item(0), item(0xB2, answer(body[16:]))), 0, context)
    if command == 0x70:
        return encap(command, session, body[:6] + items(item(0xA1, struct.pack("<I", 0xC0DE0002)), item(0xB1, body[20:22] + answer(body[22:]))), 0, context)
    return None if command == 0x66 else encap(command, given, b"", 1, context)


def receive(s):
    b = b""
    while len(b) < 24 or len(b) < 24 + struct.unpack_from("<H", b, 2)[0]:
        more = s.recv(4096)
        if not more:
            return b""
        b += more
    return b


def serve(s, session):
    with s:
        while m := receive(s):
            said = controller_says(m, session)
            if said is None:
                return
            s.sendall(said)


def controller(address):
    def datagrams():
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((address, PORT))
        while True:
            m, who = s.recvfrom(2048)
            if len(m) >= 24 and m[0] in (0x04, 0x63, 0x64):
                s.sendto(controller_says(m, 0), who)

    def cycles():
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((address, IO_PORT))
        while True:
            m, who = s.recvfrom(2048)
            s.sendto(items(item(0x8002, struct.pack("<II", 0xC0DE0001, struct.unpack_from("<I", m, 10)[0])), item(0xB1, m[18:20] + struct.pack("<i", 451))), who)

    for f in (datagrams, cycles):
        threading.Thread(target=f, daemon=True).start()
    s = socket.create_server((address, PORT))
    session = 0x11000000
    while True:
        c, _ = s.accept()
        session += 1
        threading.Thread(target=serve, args=(c, session), daemon=True).start()


def ask(service, path, data=b""):
    return bytes([service, len(path) // 2]) + path + data


def tag(name):
    return b"\x91" + bytes([len(name)]) + name + b"\0" * (len(name) & 1)


def panel(address):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect((address, PORT))
    for command in (0x63, 0x04):
        udp.send(encap(command, 0))
        udp.recv(2048)
    s = socket.create_connection((address, PORT))

    def say(command, session, body=b""):
        s.sendall(encap(command, session, body))
        return receive(s)

    def unconnected(cip):
        return say(0x6F, session, struct.pack("<IH", 0, 5) + items(item(0), item(0xB2, cip)))

    def connected(sequence, cip):
        return say(0x70, session, struct.pack("<IH", 0, 0) + items(item(0xA1, struct.pack("<I", 0xC0DE0001)), item(0xB1, struct.pack("<H", sequence) + cip)))

    say(0x64, 0)
    session = struct.unpack_from("<I", say(0x65, 0, struct.pack("<HH", 1, 0)), 4)[0]
    device, manager = b"\x20\x01\x24\x01", b"\x20\x06\x24\x01"
    unconnected(ask(0x01, device))
    unconnected(ask(0x0E, device + b"\x30\x07"))
    unconnected(ask(0x0E, device + b"\x30\x63"))
    unconnected(ask(0x03, device, struct.pack("<HHH", 2, 1, 6)))
    unconnected(ask(0x05, b"\x21\x00\x6b\x00\x25\x00\x34\x12"))
    wanted = struct.pack("<BBIIHHIB3xIHIHB", 10, 14, 0, 0xC0DE0002, 7, 0x1337, 0xCAFE, 1, 10000, 0x43F8, 10000, 0x43F8, 0xA3) + b"\x02\x20\x02\x24\x01"
    unconnected(ask(0x54, manager, wanted[:12] + b"\x99\x99" + wanted[14:]))
    unconnected(ask(0x54, manager, wanted))
    connected(1, ask(0x4C, tag(b"Kiln_Temp"), b"\x01\x00"))
    connected(2, ask(0x4D, tag(b"Kiln_Set"), struct.pack("<HHi", 0xC4, 1, 480)))
    connected(3, ask(0x0A, b"\x20\x02\x24\x01", pack([ask(0x4C, tag(b"Kiln_Set"), b"\x01\x00"), ask(0x0E, device + b"\x30\x07"), ask(0x4C, tag(b"Nothing"), b"\x01\x00")])))
    io = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    io.bind(("", IO_PORT))
    for n in range(1, 21):
        io.sendto(items(item(0x8002, struct.pack("<II", 0xC0DE0002, n)), item(0xB1, struct.pack("<Hi", n, 480))), (address, IO_PORT))
        io.recv(2048)
    unconnected(ask(0x4E, manager, struct.pack("<BBHHI", 10, 14, 7, 0x1337, 0xCAFE) + b"\x02\x00\x20\x02\x24\x01"))
    session += 1
    unconnected(ask(0x01, device))  # a session that it does not have
    s.sendall(encap(0x66, session - 1))
    s.recv(1)


{"controller": controller, "panel": panel}[sys.argv[1]](sys.argv[2])
