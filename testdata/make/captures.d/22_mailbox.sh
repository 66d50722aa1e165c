# Mailboxes: curl and openssl to dovecot.
# shellcheck shell=bash disable=SC2154,SC2086

# mailbox_server: dovecot's POP3 on srv, with STLS, and five mails for alice.
mailbox_server() {
  local d=$WORK/dovecot m
  mail_data
  mkdir -p "$d/mail/new" "$d/mail/cur" "$d/mail/tmp" "$d/run" "$d/state"
  for m in report nested; do cp "$WORK/mail/$m.eml" "$d/mail/new/170418$((i += 1)).$m.srv"; done
  printf 'From: Bob Sender <bob@partner.example>\r\nTo: alice@corp.example\r\nSubject: Lunch\r\n\r\nLunch at noon?\r\n.\r\n..and a walk\r\n' >"$d/mail/new/1704189.lunch.srv"
  chown -R 4001:4001 "$d/mail"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout "$d/key.pem" -out "$d/cert.pem" -subj /CN=mail.corp.example \
    -addext subjectAltName=DNS:mail.corp.example 2>/dev/null
  cat >"$d/dovecot.conf" <<CONF
protocols = pop3
listen = $MX4
base_dir = $d/run
state_dir = $d/state
log_path = $d/log
ssl = yes
ssl_cert = <$d/cert.pem
ssl_key = <$d/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
mail_location = maildir:$d/mail
first_valid_uid = 4001
passdb {
  driver = static
  args = password={plain}Correct-Horse-7
}
userdb {
  driver = static
  args = uid=4001 gid=4001 home=$d/mail
}
service anvil {
  chroot =
}
service pop3-login {
  chroot =
}
service stats {
  chroot =
}
CONF
  start srv unshare --uts sh -c "hostname srv; exec dovecot -F -c $d/dovecot.conf"
  wait_tcp srv $MX4 110
}

about pop3_mailbox "dovecot-pop3d curl openssl ncat" \
  "POP3 with dovecot: curl lists, reads and deletes mails after logins by AUTH PLAIN, LOGIN and CRAM-MD5, with a wrong password once, and after STLS; commands by hand, sent at once and before the greeting, with mistakes"
cap_pop3_mailbox() {
  local i=0 host=pop3://mail.corp.example
  local pop="at cli curl -sS --max-time 10 --cacert $WORK/dovecot/cert.pem -u alice:Correct-Horse-7 $host"
  mailbox_server
  capture gw srv
  $pop/ >/dev/null
  $pop/1 --login-options AUTH=PLAIN >/dev/null
  $pop/2 --login-options AUTH=CRAM-MD5 >/dev/null
  $pop/3 --login-options AUTH=LOGIN >/dev/null
  $pop/ -X UIDL >/dev/null
  $pop/ -X 'TOP 1 3' >/dev/null
  $pop/1 -X DELE -I >/dev/null
  $pop/1 -u alice:wrong >/dev/null || true
  $pop/ --ssl-reqd >/dev/null
  printf '%s\r\n' CAPA 'USER alice' 'PASS Correct-Horse-7' STAT LIST 'LIST 9' 'RETR 2' UIDL NOOP XYZZY 'DELE 1 2' RSET QUIT |
    at cli ncat -i 3 -w 3 --no-shutdown $MX4 110 >/dev/null || true
}
