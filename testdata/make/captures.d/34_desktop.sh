# Remote desktops: FreeRDP's client to xrdp.
# shellcheck shell=bash disable=SC2154,SC2086

about rdp_desktop "xrdp freerdp2-x11 xvfb xauth" \
  "FreeRDP's client shows the login of xrdp: with RDP's own security, over TLS, and with credentials first (which xrdp refuses, so that TLS is agreed upon)"
cap_rdp_desktop() {
  local d=$WORK/xrdp how
  mkdir -p "$d"
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout "$d/key.pem" -out "$d/cert.pem" -subj /CN=srv.corp.example 2>/dev/null
  sed -e "s|^port=.*|port=3389|" -e "s|^certificate=.*|certificate=$d/cert.pem|" -e "s|^key_file=.*|key_file=$d/key.pem|" /etc/xrdp/xrdp.ini |
    awk '/^LogFile=/ {print "LogFile='$d'/log"; next} {print}' >"$d/xrdp.ini"
  start srv xrdp --nodaemon --config "$d/xrdp.ini"
  wait_tcp srv 0.0.0.0 3389
  start cli Xvfb :7 -screen 0 320x240x16 -nolisten tcp
  sleep 1
  capture gw cli
  for how in /sec:rdp /sec:tls /sec:nla ''; do
    at cli env DISPLAY=:7 HOME=$WORK timeout 2 xfreerdp /v:$SRV4 /u:alice /p:Correct-Horse-7 /w:320 /h:240 /bpp:8 /cert:ignore /client-hostname:laptop /relax-order-checks /log-level:ERROR $how || true
  done
}
