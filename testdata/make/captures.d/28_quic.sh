# HTTP/3: ngtcp2's client to its server.
# shellcheck shell=bash disable=SC2154,SC2086

# quic_server PORT [OPTION...]: ngtcp2's server on srv.
quic_server() {
  local port=$1
  shift
  [[ -e $WORK/quic.key ]] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -keyout "$WORK/quic.key" -out "$WORK/quic.crt" -subj /CN=www.corp.example 2>/dev/null
  mkdir -p "$WORK/quic"
  seq 200 >"$WORK/quic/index.html"
  start srv gtlsserver -q -d "$WORK/quic" "$@" $SRV4 "$port" "$WORK/quic.key" "$WORK/quic.crt"
  wait_udp srv $SRV4 "$port"
}

quic_get() {
  local port=$1
  shift
  at cli gtlsclient -q --exit-on-all-streams-close --timeout 2s "$@" www.corp.example "$port" "https://www.corp.example:$port/index.html" >/dev/null 2>&1 || true
}

about quic_http3 "ngtcp2-client ngtcp2-server" \
  "HTTP/3 from ngtcp2: version 1, with a Retry on port 8443, the draft of version 2, and a version that the server does not have"
cap_quic_http3() {
  quic_server 443
  quic_server 8443 -V
  capture gw cli
  quic_get 443
  quic_get 8443
  quic_get 443 -v v2draft
  quic_get 443 -v 0x1a2a3a4a --preferred-versions v1
}
