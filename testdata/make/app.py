#!/usr/bin/python3
"""The web application behind nginx: forms, uploads, and one page with a real SQL injection.

usage: app.py PORT        listens on 127.0.0.1 only
"""
import html
import http.server
import json
import sqlite3
import sys
import threading
import urllib.parse
import zlib

DB = sqlite3.connect(":memory:", check_same_thread=False)
DB.executescript("""
create table items(id integer, name text, price integer);
insert into items values (1, 'lamp', 30), (2, 'chair', 80), (3, 'desk', 200);
create table users(id integer, login text, password text);
insert into users values (1, 'admin', '5f4dcc3b5aa765d61d8327deb882cf99');
""")
LOCK = threading.Lock()


class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body, kind="text/html; charset=utf-8", **headers):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/item":
            self.item(query.get("id", "1"))
        elif url.path == "/private":
            given = self.headers.get("Authorization", "")
            if given == "Basic YWxpY2U6Q29ycmVjdC1Ib3JzZS03":  # alice:Correct-Horse-7
                self.reply(200, "welcome, alice\n")
            else:
                self.reply(401, "who are you?\n", WWW_Authenticate='Basic realm="private"')
        elif url.path == "/api/deflate":  # nginx cannot make these two, servers in the field do
            page = zlib.compress(b"deflated by zlib " * 60, 9)
            self.reply(200, page, Content_Encoding="deflate")
        elif url.path == "/api/rawdeflate":
            self.reply(200, zlib.compress(b"deflated without header " * 60, 9)[2:-4], Content_Encoding="deflate")
        elif url.path == "/api/status":
            self.reply(200, json.dumps({"status": "ok", "next": 60}), "application/json")
        else:
            self.reply(200, f"<p>You searched for {html.escape(query.get('q', ''))}</p>\n")

    def item(self, number):
        # Injectable on purpose: sqlmap and the hand-made attacks must find something.
        try:
            with LOCK:
                rows = DB.execute("select name, price from items where id = " + number).fetchall()
        except (sqlite3.Error, sqlite3.Warning) as err:
            self.reply(500, f"<p>database error: {html.escape(str(err))}</p>\n")
            return
        cells = "".join(f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in rows)
        self.reply(200 if rows else 404, f"<table>{cells}</table>\n")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/login"):
            form = dict(urllib.parse.parse_qsl(body.decode("latin-1")))
            if form.get("password") == "Correct-Horse-7":
                self.reply(302, "", Location="/index.html", Set_Cookie="session=8f14e45fceea167a; HttpOnly; Path=/")
            else:
                # Programs are told by the status, people (/login/form) by the page.
                self.reply(200 if self.path == "/login/form" else 401, "<p>wrong name or password</p>\n")
        else:
            self.reply(201, json.dumps({"received": len(body)}), "application/json")

    do_HEAD = do_GET
    do_PUT = do_POST

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
