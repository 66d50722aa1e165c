# Mail: swaks and curl to postfix.
# shellcheck shell=bash disable=SC2154,SC2086

mail_data() { web_content; python3 "$HERE/mails.py" "$WORK/site" "$WORK/mail"; }
mail_client() { at cli swaks --server mail.corp.example:25 --helo cli.corp.example -f bob@partner.example "$@"; }

about smtp_mail "postfix swaks curl" \
  "Mail to postfix in clear text: a plain message; text + HTML in quoted-printable (umlauts, URLs, a dot-stuffed line) with a PDF and a PNG in base64 to three recipients; a forwarded message/rfc822 with a CSV, pipelined; a relay refused (554); a null sender; VRFY, RSET and an unknown command; one sent by curl"
cap_smtp_mail() {
  mail_data
  mailserver
  capture gw srv
  mail_client -t alice@corp.example --header 'Subject: Lunch' --body 'Lunch at noon? Menu: http://menu.partner.example/today'
  mail_client -t alice@corp.example,carol@corp.example,dave@corp.example --data "@$WORK/mail/report.eml"
  mail_client --pipeline -t alice@corp.example --data "@$WORK/mail/nested.eml"
  mail_client -t eve@elsewhere.example --body 'relay me' || true
  at cli swaks --server mail.corp.example --helo mx.partner.example -f '<>' -t alice@corp.example \
    --header 'Subject: Undelivered Mail Returned to Sender' --body 'Your message could not be delivered.'
  printf '%s\r\n' 'HELO cli' 'VRFY alice' 'MAIL FROM:<bob@partner.example>' 'RSET' 'BOGUS command' 'NOOP' 'QUIT' |
    at cli ncat -i 3 -w 3 --no-shutdown $MX4 25 || true
  at cli curl -sS --max-time 10 smtp://mail.corp.example/cli.corp.example --mail-from bob@partner.example \
    --mail-rcpt alice@corp.example -T - <"$WORK/mail/report.eml"
}

about smtp_starttls "postfix swaks openssl" \
  "STARTTLS on port 25 with postfix: a mail over TLS 1.3 and one over TLS 1.2 by swaks, openssl s_client, and a client that refuses the certificate (alert)"
cap_smtp_starttls() {
  mail_data
  mailserver
  capture gw srv
  mail_client --tls --tls-ca-path "$WORK/ca/ca.pem" -t alice@corp.example --data "@$WORK/mail/report.eml"
  mail_client --tls --tls-protocol tlsv1_2 -t alice@corp.example --body 'over TLS 1.2'
  { sleep 0.5; printf 'EHLO cli.corp.example\r\n'; sleep 0.5; printf 'QUIT\r\n'; sleep 0.5; } |
    at cli openssl s_client -quiet -starttls smtp -connect $MX4:25 -servername mail.corp.example -CAfile "$WORK/ca/ca.pem" -name cli.corp.example
  at cli openssl s_client -starttls smtp -name cli.corp.example -connect $MX4:25 -verify_return_error </dev/null || true
}

about eicar_smtp "postfix swaks" \
  "ATTACK: the EICAR test file as an attachment (base64), plain and in a ZIP"
cap_eicar_smtp() {
  mail_data
  mailserver
  capture gw srv
  at atk swaks --server mail.corp.example --helo mx.partner.example -f bob@partner.example -t alice@corp.example --data "@$WORK/mail/eicar_com.eml"
  at atk swaks --server mail.corp.example --helo mx.partner.example -f bob@partner.example -t alice@corp.example --data "@$WORK/mail/eicar_zip.eml"
}
