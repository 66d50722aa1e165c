#!/usr/bin/python3
"""Writes the files that the servers of the captures hand out: always the same bytes.

usage: content.py DIRECTORY
"""
import gzip
import hashlib
import os
import random
import struct
import sys
import zipfile
import zlib

# The EICAR test string, in two halves so that this file is not itself taken for it.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}" + "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
WORDS = ("network traffic session packet analyst review report quarterly budget meeting schedule "
         "engineering release customer region growth invoice document archive policy").split()


def text(seed, count):
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) for _ in range(count))


def page(title, seed, count):
    links = "".join(f'<li><a href="/{n}.html">{n}</a></li>' for n in ("index", "about", "products", "contact"))
    return (f"<!DOCTYPE html>\n<html><head><title>{title}</title>"
            '<link rel="stylesheet" href="/style.css"><script src="/app.js"></script></head>\n'
            f'<body><h1>{title}</h1><img src="/logo.png" alt="logo"><ul>{links}</ul>\n'
            f"<p>{text(seed, count)}</p></body></html>\n").encode()


def png(width, height):
    """A real PNG: an RGB gradient."""
    rows = b"".join(b"\0" + bytes(v for x in range(width) for v in (x * 7 & 255, y * 5 & 255, (x ^ y) & 255))
                    for y in range(height))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def pdf(line):
    """A one-page PDF with a correct cross-reference table."""
    stream = f"BT /F1 18 Tf 72 720 Td ({line}) Tj ET".encode()
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
               b"/Resources << /Font << /F1 5 0 R >> >> >>",
               b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    out, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % o for o in offsets)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def deb(seed, size):
    """Shaped like a .deb: an ar archive with the three usual members, incompressible data."""
    rng = random.Random(seed)

    def member(name, body):
        head = f"{name:<16}{1700000000:<12}{0:<6}{0:<6}{'100644':<8}{len(body):<10}`\n".encode()
        return head + body + b"\n" * (len(body) & 1)

    return (b"!<arch>\n" + member("debian-binary", b"2.0\n")
            + member("control.tar.xz", b"\xfd7zXZ\0" + rng.randbytes(400))
            + member("data.tar.xz", b"\xfd7zXZ\0" + rng.randbytes(size)))


def repository():
    """A flat package repository that apt accepts with [trusted=yes]."""
    files, index = {}, []
    for i in range(12):
        name, body = f"pool/main/p/package{i}_1.{i}-1_amd64.deb", deb(100 + i, 4000 + 700 * i)
        files["debian/" + name] = body
        index.append(f"Package: package{i}\nVersion: 1.{i}-1\nArchitecture: amd64\nMaintainer: Nobody <n@corp.example>\n"
                     f"Filename: {name}\nSize: {len(body)}\nSHA256: {hashlib.sha256(body).hexdigest()}\n"
                     f"Description: {text(200 + i, 8)}\n")
    files["debian/Packages"] = "\n".join(index).encode()
    files["debian/Packages.gz"] = gzip.compress(files["debian/Packages"], mtime=0)
    return files


def zipped(path, name, body):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2024, 1, 2, 3, 4, 6)), body)


def main(root):
    files = {
        "index.html": page("Corp Example", 1, 120), "about.html": page("About us", 2, 250),
        "products.html": page("Products", 3, 900), "contact.html": page("Contact", 4, 60),
        "style.css": ("body { font-family: sans-serif; }\n" + "".join(
            f".c{i} {{ margin: {i}px; padding: {i * 2}px; }}\n" for i in range(120))).encode(),
        "app.js": ("'use strict';\n" + "".join(
            f"function f{i}(x) {{ return x * {i} + {i * i}; }}\n" for i in range(120))).encode(),
        "logo.png": png(48, 32), "report.pdf": pdf("Quarterly report"),
        "data.json": b'{"items": [' + b", ".join(b'{"id": %d, "name": "item %d"}' % (i, i) for i in range(40)) + b"]}\n",
        "random.bin": random.Random(5).randbytes(20000),
        "eicar.com": EICAR.encode(),
    }
    files.update(repository())
    for name, body in files.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(body)
    zipped(os.path.join(root, "eicar.zip"), "eicar.com", EICAR)
    zipped(os.path.join(root, "archive.zip"), "readme.txt", text(9, 300))


if __name__ == "__main__":
    main(sys.argv[1])
