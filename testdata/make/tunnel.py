#!/usr/bin/python3
"""One end of a tunnel in user space, for the encapsulations that a kernel may lack modules for.

usage: tunnel.py MODE DEVICE LOCAL REMOTE

Makes the tun or tap DEVICE and carries what enters it, wrapped as MODE says, to the other end.
LOCAL and REMOTE are IPv4 addresses; in the link-layer modes (vlan, qinq, mpls, pppoe) LOCAL is an
interface and REMOTE a MAC address. What travels inside comes from the real kernel and real programs.
"""
import contextlib
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TUN, IFF_TAP, IFF_NO_PI = 0x400454CA, 1, 2, 0x1000
SOL_PACKET, PACKET_AUXDATA = 263, 8
VLAN_TAGS = {"vlan": [(0x8100, 100)], "qinq": [(0x88A8, 200), (0x8100, 100)]}
IP_PROTOCOLS = {"ipip": 4, "6in4": 41, "gre": 47, "erspan": 47}
UDP_PORTS = {"geneve": 6081, "teredo": 3544}


def inner_type(packet):
    return 0x86DD if packet[0] >> 4 == 6 else 0x0800


class Raw:
    """A protocol of its own over IPv4; the kernel writes and checks the outer header."""

    def __init__(self, mode, local, remote):
        self.mode, self.remote, self.sequence = mode, remote, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, IP_PROTOCOLS[mode])
        self.socket.bind((local, 0))

    def send(self, packet):
        if self.mode == "gre":  # RFC 2784, with the key of RFC 2890
            packet = struct.pack(">HHI", 0x2000, inner_type(packet), 77) + packet
        elif self.mode == "erspan":  # type II: GRE with sequence, version 1, VLAN 100, session 5, index 3
            head = struct.pack(">HHI", 0x1000, 0x88BE, self.sequence)
            packet = head + struct.pack(">HHI", 0x1000 | 100, 0x1800 | 5, 3) + packet
            self.sequence += 1
        self.socket.sendto(packet, (self.remote, 0))

    def receive(self):
        packet, (sender, _) = self.socket.recvfrom(65535)
        skip = {"gre": 8, "erspan": 16}.get(self.mode, 0) + (packet[0] & 15) * 4
        return packet[skip:] if sender == self.remote else b""


class Datagram:
    """Over UDP."""

    def __init__(self, mode, local, remote):
        self.mode, self.remote = mode, (remote, UDP_PORTS[mode])
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((local, UDP_PORTS[mode]))

    def send(self, packet):
        if self.mode == "geneve":  # RFC 8926: VNI 42, one option (class 0x0102, type 1, 4 bytes)
            packet = struct.pack(">BBHI", 2, 0, 0x6558, 42 << 8) + struct.pack(">HBBI", 0x0102, 1, 1, 0xABCD) + packet
        self.socket.sendto(packet, self.remote)

    def receive(self):
        packet, _ = self.socket.recvfrom(65535)
        return packet[8 + (packet[0] & 63) * 4:] if self.mode == "geneve" else packet


class Link:
    """Straight on an Ethernet interface."""

    def __init__(self, mode, interface, peer):
        self.mode, self.interface, self.tags = mode, interface, VLAN_TAGS.get(mode)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((interface, 0))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.head = bytes.fromhex(peer.replace(":", "")) + self.socket.getsockname()[4]

    def send(self, packet):
        if self.tags:
            packet = packet[:12] + b"".join(struct.pack(">HH", *t) for t in self.tags) + packet[12:]
        elif self.mode == "mpls":  # RFC 3032: labels 16 and 1000, bottom of stack on the second
            packet = self.head + struct.pack(">HII", 0x8847, 16 << 12 | 64, 1000 << 12 | 0x100 | 64) + packet
        else:  # pppoe, RFC 2516: session 0x11; PPP protocol 0x21 or 0x57
            kind = 0x57 if packet[0] >> 4 == 6 else 0x21
            packet = self.head + struct.pack(">HBBHHH", 0x8864, 0x11, 0, 0x11, len(packet) + 2, kind) + packet
        self.socket.send(packet)

    def receive(self):
        packet, control, _, address = self.socket.recvmsg(65535, 256)
        if address[2] == socket.PACKET_OUTGOING:
            return b""
        if not self.tags:
            kind, skip = (0x8847, 22) if self.mode == "mpls" else (0x8864, 22)
            return packet[skip:] if struct.unpack_from(">H", packet, 12)[0] == kind else b""
        # The kernel takes the outer tag off and reports it beside the frame.
        for level, what, data in control:
            if (level, what) == (SOL_PACKET, PACKET_AUXDATA):
                status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", data[:20])
                rest = len(self.tags) * 4 - 4
                if status & 0x10 and (tpid, tci & 0xFFF) == self.tags[0]:
                    return packet[:12] + packet[12 + rest:]
        return b""


def main(mode, device, local, remote):
    tap = mode in VLAN_TAGS or mode in ("geneve", "erspan")
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", device.encode(), (IFF_TAP if tap else IFF_TUN) | IFF_NO_PI))
    kind = Raw if mode in IP_PROTOCOLS else Datagram if mode in UDP_PORTS else Link
    carrier = kind(mode, local, remote)
    while True:
        for ready in select.select([tun, carrier.socket], [], [])[0]:
            if ready == tun:
                carrier.send(os.read(tun, 65535))
            else:
                packet = carrier.receive()
                if packet:
                    with contextlib.suppress(OSError):  # the device is not up yet: lost, as on a wire
                        os.write(tun, packet)


main(*sys.argv[1:])
