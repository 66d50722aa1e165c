#!/usr/bin/python3
"""Moves the packets of a capture in time, in place. What happens within a conversation stays as it was recorded.

    retime.py CAPTURE spread FACTOR       each TCP connection begins FACTOR times as long after the first packet
    retime.py CAPTURE stretch FACTOR      every packet is FACTOR times as long after the first
    retime.py CAPTURE pause SECONDS LONG  every pause longer than SECONDS becomes one of LONG seconds
"""
import struct, sys

MICRO = b"\xd4\xc3\xb2\xa1"


def tuple_of(frame):
    """Both ends of an IPv4 TCP segment, in one order for both directions; None for other packets."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return None
    p = 14 + frame[14] % 16 * 4
    return tuple(sorted([(frame[26:30], frame[p:p + 2]), (frame[30:34], frame[p + 2:p + 4])]))


def main():
    path, how, args = sys.argv[1], sys.argv[2], [float(x) for x in sys.argv[3:]]
    data = open(path, "rb").read()
    assert data[:4] == MICRO, "a pcap of tcpdump is wanted: little-endian, microseconds"
    packets, at = [], 24
    while at + 16 <= len(data):
        sec, micro, cap, length = struct.unpack("<IIII", data[at:at + 16])
        packets.append((sec + micro / 1e6, length, data[at + 16:at + 16 + cap]))
        at += 16 + cap
    first, begun, shift, last, out = packets[0][0], {}, 0.0, packets[0][0], []
    for t, length, frame in packets:
        if how == "spread":
            key = tuple_of(frame)
            begun.setdefault(key, t)
            began = t if key is None else begun[key]
            new = first + (began - first) * args[0] + (t - began)
        elif how == "stretch":
            new = first + (t - first) * args[0]
        else:
            if t - last > args[0]:
                shift += args[1] - (t - last)
            last, new = t, t + shift
        out.append((new, length, frame))
    out.sort(key=lambda p: p[0])
    with open(path, "wb") as w:
        w.write(data[:24])
        for t, length, frame in out:
            micro = round(t * 1e6)
            w.write(struct.pack("<IIII", micro // 10**6, micro % 10**6, len(frame), length) + frame)


main()
