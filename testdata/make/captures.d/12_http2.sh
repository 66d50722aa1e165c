# HTTP/2 beyond what browsers do in clear text, and DNS over it.
# shellcheck shell=bash disable=SC2154,SC2086

about http2_upgrade "nghttp2-server nghttp2-proxy nghttp2-client curl" \
  "HTTP/1.1 that becomes HTTP/2 by Upgrade: h2c (nghttp, curl), pages that the server pushes, header blocks in several frames, padding, an upload"
cap_http2_upgrade() {
  local w=http://www.corp.example:8081 proxy=http://www.corp.example:8082
  mkdir -p "$WORK/site"
  python3 "$HERE/content.py" "$WORK/site"
  start srv nghttpd --no-tls -d "$WORK/site" -p/index.html=/style.css,/app.js --echo-upload 8081
  wait_tcp srv $SRV4 8081
  start srv nghttpx --conf=/dev/null --errorlog-file=/dev/null -f"$SRV4,8082;no-tls" -b127.0.0.1,8081\;\;proto=h2 --workers=1
  wait_tcp srv $SRV4 8082
  capture gw srv
  at cli nghttp -u -n $proxy/index.html
  at cli nghttp -n $w/index.html
  at cli nghttp -n --continuation -b 100 -H 'x-note: padded' $w/about.html $w/missing
  at cli nghttp -n -b 50 -d "$WORK/site/style.css" $w/upload
  web_client --http2 $proxy/products.html
}

about doh_clear "bind9 bind9-dnsutils" "DNS over HTTP/2 in clear text (RFC 8484), as behind a proxy: dig asks BIND by POST and by GET; a name that does not exist, a TXT record"
cap_doh_clear() {
  mkdir -p "$WORK/named"
  printf '%s\n' '$TTL 300' '@ SOA ns1 hostmaster 1 3600 600 86400 300' '@ NS ns1' "ns1 A $SRV4" "www A $SRV4" 'www TXT "over HTTP"' >"$WORK/named/zone"
  cat >"$WORK/named/named.conf" <<CONF
options { directory "$WORK/named"; recursion no; pid-file none; listen-on { none; }; listen-on-v6 { none; };
  listen-on port 8053 tls none http default { $SRV4; }; };
controls { };
zone "corp.example" { type primary; file "$WORK/named/zone"; };
CONF
  start srv named -f -c "$WORK/named/named.conf"
  wait_tcp srv $SRV4 8053
  capture gw srv
  at cli dig +http-plain -p 8053 @$SRV4 www.corp.example A
  at cli dig +http-plain-get -p 8053 @$SRV4 www.corp.example TXT
  at cli dig +http-plain -p 8053 @$SRV4 nothing.corp.example AAAA
}
