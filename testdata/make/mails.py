#!/usr/bin/python3
"""Writes the messages that the mail captures send: always the same bytes, lines ending in CRLF.

usage: mails.py SITE_DIRECTORY OUTPUT_DIRECTORY
"""
import email.message
import email.policy
import os
import sys

POLICY = email.policy.SMTP.clone(max_line_length=76)


def message(subject, to="alice@corp.example", ident="1"):
    m = email.message.EmailMessage(policy=POLICY)
    m["Date"] = "Tue, 02 Jan 2024 10:20:30 +0000"
    m["From"] = "Bob Sender <bob@partner.example>"
    m["To"] = to
    m["Subject"] = subject
    m["Message-ID"] = f"<{ident}.20240102@partner.example>"
    m["X-Mailer"] = "luanids test mail"
    return m


def report(site):
    m = message("Quarterly report – für Alice", "Alice <alice@corp.example>, carol@corp.example", "report")
    m["Cc"] = "dave@corp.example"
    m.set_content("Hello Alice,\n\nthe report is attached; größer = better. Details: "
                  "http://www.corp.example/reports/2024?id=7&lang=de\nand https://secure.corp.example/login .\n\n"
                  ".a line that begins with a dot\n", cte="quoted-printable")
    m.add_alternative('<html><body><p>Hello <b>Alice</b>, see <a href="http://click.partner.example/t?u=abc123">'
                      "http://www.corp.example/</a> – größer.</p></body></html>\n", subtype="html", cte="quoted-printable")
    with open(os.path.join(site, "report.pdf"), "rb") as f:
        m.add_attachment(f.read(), maintype="application", subtype="pdf", filename="Quarterly report 2024.pdf")
    with open(os.path.join(site, "logo.png"), "rb") as f:
        m.add_attachment(f.read(), maintype="image", subtype="png", filename="größe.png")
    return m


def nested(site):
    m = message("Fwd: Quarterly report", ident="nested")
    m.set_content("The original is attached.\n")
    m.add_attachment(report(site), filename="original.eml")
    m.add_attachment(b"a,b,c\n1,2,3\n" * 20, maintype="text", subtype="csv", filename="table.csv", cte="7bit")
    return m


def eicar(site, name):
    m = message("Please open", ident=name)
    m.set_content("See the attachment.\n")
    with open(os.path.join(site, name), "rb") as f:
        kind = ("application", "zip") if name.endswith("zip") else ("application", "octet-stream")
        m.add_attachment(f.read(), maintype=kind[0], subtype=kind[1], filename=name)
    return m


def main(site, out):
    os.makedirs(out, exist_ok=True)
    mails = {"report": report(site), "nested": nested(site),
             "eicar_com": eicar(site, "eicar.com"), "eicar_zip": eicar(site, "eicar.zip")}
    for name, m in mails.items():
        for part in m.walk():
            if part.is_multipart() and part.get_content_maintype() == "multipart":
                part.set_boundary(f"=-boundary-{name}-{id_of(m, part)}")
        with open(os.path.join(out, name + ".eml"), "wb") as f:
            f.write(m.as_bytes())


def id_of(root, part):
    return [p for p in root.walk() if p.is_multipart()].index(part)


main(sys.argv[1], sys.argv[2])
