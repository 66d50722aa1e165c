#!/usr/bin/python3
"""HTTP as no ordinary client writes it, but as a server must take it.

usage: raw_http.py ADDRESS PORT
"""
import socket
import sys
import time

HOST = b"Host: www.corp.example\r\n"


def talk(*pieces, pause=0.05):
    """One connection: sends the pieces as segments of their own, then reads to the end."""
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            s.sendall(piece)
            time.sleep(pause)
        s.settimeout(1)
        try:
            while s.recv(65536):
                pass
        except TimeoutError:
            pass


def main():
    pages = [b"GET /%s HTTP/1.1\r\n" % p + HOST for p in (b"index.html", b"about.html", b"logo.png", b"missing", b"contact.html")]
    talk(b"\r\n".join(pages) + b"Connection: close\r\n\r\n")  # five requests in one segment
    post = b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 21\r\n\r\nuser=bob&password=bad"
    talk(pages[0] + b"\r\n" + post + pages[3] + b"Connection: close\r\n\r\n")  # a body between two requests
    talk(b"GE", b"T /ind", b"ex.html HT", b"TP/1.1\r", b"\nHo", b"st: www.corp.example\r\nX-Split: a", b"b\r\n", b"Connection: close\r\n\r", b"\n")
    talk(b"POST /upload HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\nConnection: close\r\n\r\n",
         b"5\r\nhello\r\n", b"6;name=value\r\n wor", b"ld\r", b"\n1", b"0\r\n0123456789abcdef\r\n", b"0\r\nX-Sum: 42\r\n\r\n")
    talk(b"GET /index.html HTTP/1.0\r\n\r\n")  # no Host, closes by itself
    talk(b"GET /contact.html HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", b"GET /contact.html HTTP/1.0\r\n\r\n")
    talk(b"GET /index.html\r\n\r\n")  # HTTP/0.9
    talk(b"GET /index.html HTTP/1.1\n" + b"Host: www.corp.example\nConnection: close\n\n")  # bare LF
    talk(b"\r\n\r\nGET http://www.corp.example/index.html?a=1#part HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    talk(b"GET /%69ndex.html?q=%C3%BC+x&q=2&empty=&=v HTTP/1.1\r\nhOST:www.corp.example\r\nx-dup: 1\r\nX-Dup:  2 \r\nConnection: close\r\n\r\n")
    talk(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    talk(pages[0] + b"Expect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n", b"abc")
    talk(b"POST /upload HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nG")  # smuggling
    talk(b"GET /index.html HTTP/1.1\r\n" + HOST + b"X-Long: " + b"a" * 3000 + b"\r\nConnection: close\r\n\r\n")
    talk(b"NONSENSE\x00\x01\x02\r\n\r\n")


main()
