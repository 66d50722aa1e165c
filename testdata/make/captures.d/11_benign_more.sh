# More ordinary traffic: HTTP's corners, IPv6, FTP, NTP, package downloads, ICMP, fragments.
# shellcheck shell=bash disable=SC2154,SC2086

about http_pipeline "nginx-light python3" \
  "HTTP written by hand: five requests in one segment, a POST body between two requests, a request split over nine segments, chunked with extension and trailer, HTTP/1.0 without Host and with keep-alive, HTTP/0.9, bare LF, absolute URI, odd header case and repeats, OPTIONS *, Expect, both Content-Length and chunked (400), a long header, a request that is not HTTP"
cap_http_pipeline() {
  web
  capture gw srv
  at cli python3 "$HERE/raw_http.py" $SRV4 80
}

about http_ipv6 "nginx-light curl" "Pages, a POST and a download of 20 kB over IPv6, by name and by literal address; neighbour discovery"
cap_http_ipv6() {
  web
  capture gw srv
  web_client --compressed http://www6.corp.example/index.html -o /dev/null http://www6.corp.example/style.css
  web_client -g "http://[$SRV6]/about.html"
  web_client -g -d 'user=alice&password=Correct-Horse-7' "http://[$SRV6]/login"
  web_client http://www6.corp.example/random.bin
}

about http_encodings "nginx-light libnginx-mod-http-brotli-filter curl" \
  "Content-Encoding of responses: br, gzip, deflate with and without zlib header, identity, each of HTML, CSS, JavaScript"
cap_http_encodings() {
  local coding f
  WEB_EXTRA='brotli on; brotli_types text/css application/javascript; brotli_min_length 100;' \
    web 'load_module /usr/lib/nginx/modules/ngx_http_brotli_filter_module.so;'
  capture gw srv
  for coding in br gzip identity; do
    for f in index.html products.html style.css app.js; do
      web_client -H "Accept-Encoding: $coding" http://www.corp.example/$f
    done
  done
  web_client -H 'Accept-Encoding: deflate' http://www.corp.example/api/deflate
  web_client -H 'Accept-Encoding: deflate' http://www.corp.example/api/rawdeflate
}

about http2_clear "nginx-light nghttp2-client curl" "HTTP/2 in clear text on port 8080: six requests at once on one connection by nghttp (gzip, HPACK, a 404), a POST (404), one by curl; and an HTTP/1.1 Upgrade: h2c that nginx ignores on port 80"
cap_http2_clear() {
  local w=http://www.corp.example:8080
  web
  capture gw srv
  at cli nghttp -n $w/index.html $w/style.css $w/logo.png $w/missing $w/products.html $w/app.js
  at cli nghttp -n -H 'content-type: text/plain' -d "$WORK/www/site/style.css" $w/upload
  web_client --http2-prior-knowledge $w/about.html
  web_client --http2 http://www.corp.example/index.html
}

about websocket "python3-websockets" "A WebSocket on port 8765: upgrade with permessage-deflate, text and binary messages echoed, ping, close"
cap_websocket() {
  start srv python3 "$HERE/websocket.py" server 8765
  wait_tcp srv $SRV4 8765
  capture gw srv
  at cli python3 "$HERE/websocket.py" client ws://www.corp.example:8765/chat
}

# ftp_server: vsftpd on srv; alice may read and write, anonymous may read.
ftp_server() {
  certificates
  mkdir -p "$WORK/ftp/pub" "$WORK/empty" /var/run/vsftpd/empty
  web_content
  cp "$WORK/site/report.pdf" "$WORK/ftp/pub/"
  cp "$WORK/site/random.bin" "$WORK/home/alice/"
  chown -R 4001:4001 "$WORK/home/alice"
  cat >"$WORK/vsftpd.conf" <<CONF
listen=YES
background=NO
anonymous_enable=YES
anon_root=$WORK/ftp
chroot_local_user=YES
allow_writeable_chroot=YES
local_enable=YES
write_enable=YES
seccomp_sandbox=NO
secure_chroot_dir=$WORK/empty
pam_service_name=vsftpd
port_enable=YES
pasv_min_port=40000
pasv_max_port=40100
ssl_enable=YES
allow_anon_ssl=NO
force_local_data_ssl=NO
force_local_logins_ssl=NO
require_ssl_reuse=NO
rsa_cert_file=$WORK/ca/www.pem
rsa_private_key_file=$WORK/ca/www.key
xferlog_enable=NO
CONF
  start srv /usr/sbin/vsftpd "$WORK/vsftpd.conf"
  wait_tcp srv $SRV4 21
}

about ftp_session "vsftpd curl lftp" \
  "FTP: anonymous listing and download, login with listing, download (EPSV, PASV and active PORT), upload, rename, delete, a wrong password (530), a missing file (550), lftp; AUTH TLS"
cap_ftp_session() {
  local f="at cli curl -sS --max-time 15 -o /dev/null" me="-u alice:Correct-Horse-7" u=ftp://srv.corp.example
  ftp_server
  capture gw srv
  $f $u/pub/
  $f $u/pub/report.pdf
  $f $me $u/
  $f $me $u/random.bin
  $f $me --disable-epsv $u/random.bin
  $f $me -P 10.10.1.10 $u/random.bin
  $f $me -T "$WORK/site/logo.png" -Q '-RNFR logo.png' -Q '-RNTO picture.png' $u/logo.png
  $f $me -l -Q 'SIZE picture.png' -Q 'DELE picture.png' $u/
  $f -u alice:wrong $u/ || true
  $f $me $u/missing.txt || true
  at cli lftp -c "set net:timeout 5; set ftp:ssl-allow no; open -u alice,Correct-Horse-7 $u; pwd; ls; get random.bin -o /dev/null; mkdir new; rmdir new; bye"
  $f $me -k --ssl-reqd $u/random.bin
}

about ntp "chrony" "NTP: chrony asks a chrony server (stratum 8) four times at start, over IPv4 and IPv6; the clock is left alone"
cap_ntp() {
  printf '%s\n' 'local stratum 8' 'allow' 'cmdport 0' "pidfile $WORK/chronyd.pid" "bindcmdaddress /" >"$WORK/chrony.conf"
  start srv chronyd -x -d -u root -f "$WORK/chrony.conf"
  wait_udp srv $SRV4 123
  capture gw srv
  local a
  for a in $SRV4 $SRV6; do
    # -Q measures and prints; it never sets the clock.
    at cli chronyd -Q -t 20 -u root -f /dev/null "cmdport 0" "pidfile $WORK/chrony-cli.pid" "server $a iburst maxsamples 4"
  done
}

about apt_like "nginx-light apt wget" \
  "apt-get update and download of 12 small packages from a flat repository (pipelined requests, 404s on the way), then wget of the same files, one interrupted and continued with Range, and a multi-range request"
cap_apt_like() {
  local u=http://www.corp.example/debian apt
  web
  mkdir -p "$WORK"/apt/{etc/apt/{apt.conf.d,preferences.d,trusted.gpg.d,sources.list.d},state/lists/partial,cache/archives/partial,log,dl}
  echo "deb [trusted=yes] $u ./" >"$WORK/apt/etc/apt/sources.list"
  apt="at cli apt-get -q -o Dir=$WORK/apt -o Dir::State=$WORK/apt/state -o Dir::Cache=$WORK/apt/cache -o Dir::Etc=$WORK/apt/etc/apt
       -o Dir::State::status=/dev/null -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User=root -o Dir::Bin::methods=/usr/lib/apt/methods
       -o Acquire::http::Proxy=false -o Acquire::Languages=none"
  capture gw srv
  $apt update
  (cd "$WORK/apt/dl" && $apt download package{0,1,2,3,4,5,6,7,8,9,10,11})
  (cd "$WORK/apt/dl" && rm -f ./*.deb && at cli wget -q $u/pool/main/p/package{0_1.0,1_1.1,2_1.2,3_1.3}-1_amd64.deb)
  (cd "$WORK/apt/dl" && truncate -s 2000 package3_1.3-1_amd64.deb && at cli wget -q -c $u/pool/main/p/package3_1.3-1_amd64.deb)
  web_client -r 0-99,200-299,-50 $u/pool/main/p/package1_1.1-1_amd64.deb
}

about icmp_ping "iputils-ping traceroute bind9-dnsutils curl nginx-light" \
  "Recorded on the client's link: ping (IPv4, IPv6, sizes, a pattern), traceroute by UDP, ICMP and TCP, port unreachable, host unreachable, no route (network unreachable), TTL exceeded, fragmentation needed and packet too big (path MTU 1300), then HTTP over that path"
cap_icmp_ping() {
  web
  at gw ip link set srv mtu 1300
  capture gw cli
  at cli ping -n -c 3 -i 0.2 $SRV4
  at cli ping -n -c 2 -i 0.2 -s 1000 -p 6c75616e $SRV4
  at cli ping -n -6 -c 3 -i 0.2 $SRV6
  at cli traceroute -n -q 2 -w 1 -m 4 $SRV4
  at cli traceroute -n -I -q 2 -w 1 -m 4 $SRV4
  at cli traceroute -n -T -p 80 -q 2 -w 1 -m 4 $SRV4
  at cli traceroute -6 -n -q 2 -w 1 -m 4 $SRV6
  sleep 2          # the kernel limits how many ICMP errors it sends a second
  at cli dig +tries=1 +time=1 @$SRV4 -p 5300 www.corp.example A || true
  at cli dig +tries=1 +time=1 @$SRV6 -p 5300 www.corp.example A || true
  at cli ping -n -c 1 -t 1 $SRV4 || true
  at cli ping -n -c 1 -W 4 10.10.2.99 || true
  at cli ping -n -c 1 -W 1 192.0.2.1 || true
  at cli ping -n -c 1 -W 1 -M 'do' -s 1400 $SRV4 || true
  at cli ping -n -6 -c 1 -W 1 -M 'do' -s 1400 $SRV6 || true
  at cli curl -sS --max-time 10 -o /dev/null -d "@$WORK/www/site/products.html" http://www.corp.example/upload
}

about fragments "iputils-ping dnsmasq bind9-dnsutils ncat" \
  "IP fragments: ping with 4000 bytes (IPv4 and IPv6), a DNS answer of 3.3 kB over UDP (IPv4 and IPv6, EDNS 4096), a UDP datagram of 8 kB"
cap_fragments() {
  local big=() i
  for i in $(seq 100); do big+=("--txt-record=big.corp.example,record number $i of a hundred"); done
  nameserver "${big[@]}"
  start srv ncat -u -l 9999 --recv-only -o /dev/null
  wait_udp srv $SRV4 9999
  capture gw srv
  at cli ping -n -c 2 -i 0.2 -s 4000 $SRV4
  at cli ping -n -6 -c 2 -i 0.2 -s 4000 $SRV6
  at cli dig +tries=1 +time=3 +bufsize=4096 +ignore @$DNS4 big.corp.example TXT
  at cli dig +tries=1 +time=3 +bufsize=4096 +ignore @$SRV6 big.corp.example TXT
  head -c 8000 /etc/services | at cli ncat -u -w 1 --send-only $SRV4 9999
}
