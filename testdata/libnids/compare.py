#!/usr/bin/python3
"""Compares the streams that luanids gives a Lua program with those that libnids gives its C twin.

usage: compare.py LUANIDS LIBNIDS_STREAMS CAPTURE [PORT]...

Every connection must be equal byte for byte, or differ for a reason that the packets themselves show; the reasons
are counted. Exit code 1 where one differs without. compare.sh builds the C program and calls this.
"""
import collections, os, struct, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))

# What may explain that a connection is told by one side only, that bytes differ, and that ends differ.
REASONS = {
    "ipv6": "IPv6, which libnids does not know",
    "hidden": "in a tunnel, fragments or below a link header that libnids does not read",
    "midstream": "no complete handshake in the capture: libnids follows nothing that it did not see begin",
    "order": "the handshake was captured out of order: libnids does not see that it is complete",
    "simultaneous": "opened by both sides at once (RFC 9293, figure 7), which libnids takes for two halves",
    "vlan": "each direction has a VLAN of its own: flows of their own for luanids (stream of both with separate_vlans: false)",
    "again": "addresses and ports are used again, or the same packets come again: libnids adds to the old connection or makes a new one of a repetition",
    "conflict": "segments overlap with different content: luanids takes what the receiver's system would",
    "hole": "segments are missing in the capture: libnids waits for them, luanids goes on behind the hole",
    "window": "a segment outside of the window that its receiver announced, or that acknowledges what was never sent",
    "early": "data or flags before the handshake is complete (TCP Fast Open, SYN with data)",
    "urgent": "urgent data",
    "silence": "silent for long before it was established or after it was closed: luanids gives it up, libnids keeps it",
    "reset": "FIN and RST cross: the state at the end is a matter of order",
}
ONLY = ["ipv6", "hidden", "midstream", "order", "simultaneous", "vlan", "again", "early"]
BYTES = ["midstream", "simultaneous", "vlan", "again", "conflict", "hole", "window", "early", "urgent"]
STATE = ["reset", "hole", "window", "again", "simultaneous", "early"]


def streams(text):
    """The connections of a program's output: {(client, server): [(state, to server, to client)]}."""
    out, lines = collections.OrderedDict(), text.split("\n")
    for i in range(0, len(lines) - 2, 3):
        client, server, state = lines[i].split(" ")
        to_server, to_client = lines[i + 1].split(" "), lines[i + 2].split(" ")
        out.setdefault((client, server), []).append((state, bytes.fromhex(to_server[2]), bytes.fromhex(to_client[2])))
    return out


class Segment:
    __slots__ = ("time", "src", "dst", "vlan", "seq", "ack", "flags", "window", "data", "urgent")


def segments(path):
    """The TCP segments of an Ethernet capture, not those in tunnels and fragments."""
    data = open(path, "rb").read()
    en, unit = {b"\xd4\xc3\xb2\xa1": ("<", 1e-6), b"\x4d\x3c\xb2\xa1": ("<", 1e-9)}[data[:4]]
    at = 24
    while at + 16 <= len(data):
        sec, sub, cap, _ = struct.unpack(en + "IIII", data[at:at + 16])
        frame, at = data[at + 16:at + 16 + cap], at + 16 + cap
        p, vlan = 12, []
        while frame[p:p + 2] in (b"\x81\x00", b"\x88\xa8") and len(frame) > p + 4:
            vlan.append(frame[p + 2:p + 4])
            p += 4
        kind, p = frame[p:p + 2], p + 2
        if kind == b"\x08\x00" and len(frame) >= p + 20 and frame[p + 9] == 6:
            if struct.unpack(">H", frame[p + 6:p + 8])[0] & 0x3fff:
                continue  # a fragment
            end = p + struct.unpack(">H", frame[p + 2:p + 4])[0]
            hosts = [".".join(map(str, frame[p + o:p + o + 4])) for o in (12, 16)]
            p += frame[p] % 16 * 4
        else:
            continue
        if len(frame) < p + 20:
            continue
        s = Segment()
        sport, dport, s.seq, s.ack, off, s.flags, s.window, _, urg = struct.unpack(">HHIIBBHHH", frame[p:p + 20])
        s.time, s.vlan, s.urgent = sec + sub * unit, tuple(vlan), urg if s.flags & 0x20 else 0
        s.src, s.dst = "%s:%d" % (hosts[0], sport), "%s:%d" % (hosts[1], dport)
        s.data = frame[p + (off >> 4) * 4:max(end, p)]
        yield s


def later(a, b):
    return (a - b + (1 << 31)) % (1 << 32) - (1 << 31)


def facts(key, segs, end_of_capture):
    """What the packets of a connection show, of REASONS."""
    client, server = key
    if ":" in client.rsplit(":", 1)[0]:
        return {"ipv6"}
    if not segs:
        return {"hidden"}
    out, syns, synacks, established = set(), collections.Counter(), 0, False
    seen = {client: {}, server: {}}      # bytes by sequence number
    top, acked, limit = {}, {}, {}       # by sender: what was sent up to, by receiver: acknowledged, allowed
    fins, resets, last = set(), 0, None
    scale = 1 << 14                      # windows may be scaled: only what is far outside counts
    for s in segs:
        if last is not None and s.time - last > 60:
            out.add("silence")
        last = s.time
        other = s.dst
        if s.flags & 2:
            syns[(s.src, s.seq, bool(s.flags & 16))] += 1
            synacks += bool(s.flags & 16)
            if s.data:
                out.add("early")
            if resets or len(fins) == 2 or established and not s.flags & 16:
                out.add("again")
        if s.urgent:
            out.add("urgent")
        if s.flags & 4:
            resets += 1
            if fins:
                out.add("reset")
        seq = s.seq + bool(s.flags & 2) & 0xffffffff
        if s.data:
            if not established and synacks == 0:
                out.add("early")
            sent = seen[s.src]
            for i, b in enumerate(s.data):
                n = (seq + i) & 0xffffffff
                if sent.setdefault(n, b) != b:
                    out.add("conflict")
            if s.src in limit and later(seq + len(s.data), limit[s.src]) > 0:
                out.add("window")
        end = (seq + len(s.data)) & 0xffffffff
        if s.src in top and later(seq, top[s.src]) > 0 and not s.flags & 4:
            out.add("hole")
        if s.src not in top or later(end, top[s.src]) > 0:
            top[s.src] = end
        if s.flags & 16:
            if syns and not synacks:
                out.add("order")
            if synacks and not s.flags & 2:
                established = True
            if other in top and later(s.ack, top[other]) > 1:
                out.add("window")
                out.add("hole")
            unit = 1 if s.flags & 2 else scale
            bound = (s.ack + max(s.window, 1) * unit) & 0xffffffff
            if s.window == 0:
                bound = s.ack
            limit[other] = bound
        if s.flags & 1:
            fins.add(s.src)
            if resets:
                out.add("reset")
    if end_of_capture - last > 60:
        out.add("silence")
    plain = {src for (src, _, ack) in syns if not ack}
    if len(plain) == 2:
        out.add("simultaneous")
    if len({(src, seq) for (src, seq, ack) in syns if not ack}) > 1 or sum(n for (_, _, ack), n in syns.items() if ack) > 1:
        out.add("again")
    if not plain or not synacks or not established:
        out.add("midstream")
    if len({(s.src, s.vlan) for s in segs}) > len({s.src for s in segs}) or len({s.vlan for s in segs}) > 1:
        out.add("vlan")
    return out


def differences(a, b):
    """How the tellings of one connection differ: the list of REASONS that may explain it, None where they are equal."""
    if a is None or b is None:
        return ONLY
    if len(a) != len(b):
        return ["again", "silence", "simultaneous", "vlan"]
    if any(x[1:] != y[1:] for x, y in zip(a, b)):
        less = any(len(y[i]) < len(x[i]) for x, y in zip(a, b) for i in (1, 2))
        return ["window"] * less + BYTES
    states = {(x[0], y[0]) for x, y in zip(a, b) if x[0] != y[0]}
    if states == {("EXITING", "TIMED_OUT")}:
        return ["silence"]
    return STATE if states else None


def check_example(luanids, capture, told):
    """examples/collect.lua prints the same streams in its own form."""
    want = b"".join(b"%s -> %s\nTo server:\n%s\nTo client:\n%s\n" % (c.encode(), s.encode(), x[1], x[2])
                    for c, s, x in told)
    got = subprocess.run([luanids, "run", os.path.join(HERE, "../../examples/collect.lua"), "-f", capture], check=True, capture_output=True).stdout
    print("examples/collect.lua: %d bytes, %s" % (len(got), "as streams.lua has them" if got == want else "DIFFERENT"))
    return got == want


def main():
    luanids, libnids, capture, ports = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    run = lambda *args: subprocess.run(args, check=True, capture_output=True, text=True).stdout
    text = run(luanids, "run", os.path.join(HERE, "streams.lua"), "-f", capture, *ports)
    theirs, ours = streams(run(libnids, capture, *ports)), streams(text)
    wanted = set(theirs) | set(ours) | {(s, c) for c, s in theirs}
    packets = collections.defaultdict(list)
    last = 0
    for s in segments(capture):
        last = max(last, s.time)
        for key in ((s.src, s.dst), (s.dst, s.src)):
            if key in wanted:
                packets[key].append(s)
    equal, size, why, bad = 0, 0, collections.Counter(), []
    for key in sorted(set(theirs) | set(ours)):
        a, b = theirs.get(key), ours.get(key)
        may = differences(a, b)
        if may is None:
            equal += 1
            size += sum(len(x[1]) + len(x[2]) for x in a)
            continue
        shown = facts(key, packets.get(key, []), last)
        reason = next((r for r in may if r in shown), None)
        if reason:
            why[reason] += 1
        else:
            brief = lambda l: [(x[0], len(x[1]), len(x[2])) for x in l or []]
            bad.append("%s %s: libnids %s, luanids %s, packets show %s" % (*key, brief(a), brief(b), sorted(shown)))
    print("%d connections equal byte for byte (%d bytes), %d differ:" % (equal, size, sum(why.values()) + len(bad)))
    for reason, n in why.most_common():
        print("%6d  %s" % (n, REASONS[reason]))
    for line in bad:
        print("WITHOUT A REASON", line)
    ok = not bad
    if ports == ["80", "8000", "8080"]:
        order = [line.split(" ")[:2] for line in text.split("\n")[:-1:3]]
        left = {k: list(v) for k, v in ours.items()}
        ok = check_example(luanids, capture, [(c, s, left[(c, s)].pop(0)) for c, s in order]) and ok
    sys.exit(0 if ok else 1)


main()
