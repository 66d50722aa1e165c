# Ordinary traffic.
# shellcheck shell=bash disable=SC2154,SC2086

web_client() { at cli curl -sS --max-time 10 "$@" -o /dev/null; }

about http_browse "nginx-light curl" \
  "Browsing www.corp.example: six pages and images over one keep-alive connection (some gzip and chunked), redirect followed, 404, HEAD, conditional 304, Range 206, query and cookie, form POST (302 with Set-Cookie), PUT, chunked POST, Basic auth 401 then 200, multipart upload of a PNG and a PDF"
cap_http_browse() {
  local w=http://www.corp.example s=$WORK/www/site
  web
  capture gw srv
  web_client --compressed $w/index.html -o /dev/null $w/style.css -o /dev/null $w/app.js -o /dev/null $w/logo.png \
    -o /dev/null $w/about.html -o /dev/null $w/report.pdf
  web_client -L $w/old
  web_client $w/missing.html
  at cli curl -sSI $w/products.html
  web_client -H 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT' $w/logo.png
  web_client -r 100-299 $w/products.html
  web_client -b 'session=8f14e45fceea167a; theme=dark' -e $w/index.html -A 'Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0' \
    "$w/search?q=desk+lamp%20%26%20chair&lang=de"
  web_client -d 'user=alice&password=Correct-Horse-7&remember=on' $w/login
  web_client -X PUT -H 'Content-Type: application/json' -d '{"name":"lamp"}' $w/upload/lamp
  web_client -H 'Transfer-Encoding: chunked' -H 'Content-Type: text/plain' --data-binary @"$s/style.css" $w/upload/chunked
  web_client $w/private
  web_client -u alice:Correct-Horse-7 $w/private
  web_client -F 'title=Quarterly report' -F "picture=@$s/logo.png;type=image/png" -F "document=@$s/report.pdf;type=application/pdf" $w/upload
  web_client $w/archive.zip
}

about dns_lookup "dnsmasq bind9-dnsutils" \
  "dig asks dnsmasq: A, AAAA, MX, TXT (two strings), CNAME, PTR (both families), SRV, SOA, NS, NAPTR, CAA, ANY, NXDOMAIN, NODATA, REFUSED; UDP with EDNS (cookie, subnet, DO bit) and without, a truncated answer retried over TCP, two queries in one TCP connection, 0x20 mixed case, over IPv6"
cap_dns_lookup() {
  local big=() i
  for i in $(seq 40); do big+=("--host-record=many.corp.example,10.10.2.$((100 + i))"); done
  nameserver "${big[@]}"
  capture gw srv
  local d="at cli dig +tries=1 +time=3 @$DNS4"
  $d www.corp.example A
  $d +noedns www.corp.example AAAA
  $d corp.example MX
  $d corp.example TXT
  $d intranet.corp.example CNAME
  $d intranet.corp.example A
  $d -x $SRV4
  $d -x $SRV6
  $d _sip._tcp.corp.example SRV
  $d corp.example SOA
  $d corp.example NS
  $d corp.example NAPTR
  $d corp.example CAA
  $d corp.example ANY
  $d nothing.corp.example A
  $d mail.corp.example AAAA
  $d elsewhere.example A
  $d +noedns many.corp.example A
  $d +bufsize=4096 many.corp.example A
  $d +tcp www.corp.example A
  local two='+tcp +keepopen www.corp.example A mail.corp.example A'
  for i in 1 2 3 4 5; do $d $two && break || ((i < 5)); done # dnsmasq now and then closes between the two
  $d +dnssec +subnet=192.0.2.0/24 +nsid www.corp.example A
  $d +noedns wWw.CoRp.ExAmPlE A
  at cli dig +tries=1 @$SRV6 www.corp.example AAAA
}

about tls_browse "nginx-light curl openssl" \
  "HTTPS to secure.corp.example (EC certificate) and www.corp.example (RSA) with a CA of our own: TLS 1.2 and 1.3, ALPN h2 and http/1.1, session resumption by ticket in both versions and by id, early close on an untrusted CA (alert unknown_ca), no common version (alert), SNI absent, client without TLS"
cap_tls_browse() {
  local s=secure.corp.example ca=$WORK/ca/ca.pem
  web
  capture gw srv
  web_client --cacert "$ca" https://$s/index.html -o /dev/null https://$s/style.css
  web_client --cacert "$ca" --http1.1 https://$s/about.html
  web_client --cacert "$ca" --tls-max 1.2 https://$s/index.html
  web_client --cacert "$ca" --tls-max 1.2 --http1.1 https://www.corp.example/about.html
  web_client --cacert "$ca" --tls-max 1.2 --no-alpn --ciphers AES256-GCM-SHA384 https://www.corp.example/logo.png
  web_client https://$s/ || true
  local v
  for v in tls1_3 tls1_2; do
    { printf 'GET /index.html HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' $s; sleep 1; } |
      at cli openssl s_client -$v -CAfile "$ca" -connect $SRV4:443 -servername $s -alpn http/1.1 -sess_out "$WORK/$v.sess" -ign_eof
    { printf 'GET /about.html HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' $s; sleep 1; } |
      at cli openssl s_client -$v -CAfile "$ca" -connect $SRV4:443 -servername $s -alpn http/1.1 -sess_in "$WORK/$v.sess" -ign_eof
  done
  at cli openssl s_client -tls1_2 -no_ticket -CAfile "$ca" -connect $SRV4:443 -noservername -reconnect </dev/null || true
  at cli openssl s_client -tls1_1 -cipher 'DEFAULT@SECLEVEL=0' -connect $SRV4:443 -servername $s </dev/null || true
  printf 'GET / HTTP/1.1\r\nHost: www.corp.example\r\n\r\n' | at cli ncat -w 2 $SRV4 443 || true
}

about ssh_login "openssh-server openssh-client sshpass" \
  "OpenSSH: login with an ed25519 key and a command, login with a wrong then the right password, an interactive shell session, scp of a 20 kB file up and down, login refused (no method left), and a client with an older key exchange and cipher"
cap_ssh_login() {
  web_content
  sshd_up
  local opt="-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5 -F /dev/null"
  local key="$opt -i $WORK/ssh/alice -o PasswordAuthentication=no"
  local pw="$opt -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1"
  capture gw srv
  at cli ssh $key alice@$SRV4 'uname -a; ls -la /etc | head -40'
  at cli sshpass -p wrong-password ssh $pw alice@$SRV4 true || true
  at cli sshpass -p Correct-Horse-7 ssh $pw alice@$SRV4 'id; cat /etc/os-release'
  { for c in id 'ls /' 'echo hello' exit; do echo "$c"; sleep 0.4; done; } | at cli ssh -tt $key alice@$SRV4
  at cli scp $key "$WORK/site/random.bin" alice@$SRV4:upload.bin
  at cli scp $key alice@$SRV4:upload.bin "$WORK/download.bin"
  at cli ssh $opt -o PasswordAuthentication=no -o PubkeyAuthentication=no alice@$SRV4 true || true
  at cli ssh $key -o KexAlgorithms=diffie-hellman-group14-sha256 -o Ciphers=aes128-ctr -o MACs=hmac-sha2-256 alice@$SRV4 date
  cmp "$WORK/site/random.bin" "$WORK/download.bin"
}

# web_content: the site's files without a server, under $WORK/site.
web_content() { mkdir -p "$WORK/site"; python3 "$HERE/content.py" "$WORK/site"; }
