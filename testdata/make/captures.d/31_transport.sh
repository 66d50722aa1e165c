# TCP under difficulties, its extensions, proxies, and other link types.
# shellcheck shell=bash disable=SC2154,SC2086

# lossy: the router drops every 13th and delays nothing; always the same packets of a given exchange.
lossy() {
  at gw nft -f - <<'RULES'
table inet lossy {
  chain forward {
    type filter hook forward priority 0;
    tcp flags & (syn | fin | rst) == 0 meta length > 200 numgen inc mod 13 == 5 drop
  }
}
RULES
}

about tcp_loss "nftables nginx-light curl" \
  "A router that drops every 13th large TCP segment, recorded behind it as srv sees it: downloads and an upload of 20 kB; retransmissions of what was seen (downloads), holes that are filled later and SACK (uploads)"
cap_tcp_loss() {
  web
  lossy
  capture gw srv
  web_client http://www.corp.example/random.bin
  web_client -T "$WORK/www/site/random.bin" http://www.corp.example/upload/random.bin
  web_client http://www.corp.example/products.html
  web_client -T "$WORK/www/site/random.bin" http://www.corp.example/upload/again.bin
}

about tcp_fastopen "nginx-light curl" "TCP Fast Open (RFC 7413): a first connection that asks for a cookie, then three that carry the request in the SYN"
cap_tcp_fastopen() {
  local h
  for h in cli srv; do at $h sysctl -qw net.ipv4.tcp_fastopen=3; done
  web
  sed -i 's/listen 80;/listen 80 fastopen=16;/' "$WORK/www/nginx.conf"
  ip netns pids ${PREFIX}srv | xargs ps -o pid=,args= -p | awk '/nginx: master/{print $1}' | xargs kill -QUIT
  sleep 1
  start srv nginx -c "$WORK/www/nginx.conf" -p "$WORK/www"
  wait_tcp srv $SRV4 80
  capture gw srv
  for _ in 1 2 3 4; do web_client --tcp-fastopen http://www.corp.example/contact.html; done
}

about mptcp "mptcpize nginx-light curl" "Multipath TCP (RFC 8684): curl and nginx under mptcpize, a second subflow from a second address of cli (10.10.1.11), 20 kB down and up"
cap_mptcp() {
  web
  ip netns pids ${PREFIX}srv | xargs ps -o pid=,args= -p | awk '/nginx: master/{print $1}' | xargs kill -QUIT
  sleep 1
  start srv mptcpize run nginx -c "$WORK/www/nginx.conf" -p "$WORK/www"
  wait_tcp srv $SRV4 80
  at cli ip addr add 10.10.1.11/24 dev eth0
  at cli ip mptcp limits set subflow 2 add_addr_accepted 2
  at srv ip mptcp limits set subflow 2 add_addr_accepted 2
  at cli ip mptcp endpoint add 10.10.1.11 dev eth0 subflow
  capture gw srv
  at cli mptcpize run curl -sS --max-time 10 -o /dev/null http://www.corp.example/random.bin
  at cli mptcpize run curl -sS --max-time 10 -o /dev/null -T "$WORK/www/site/random.bin" --limit-rate 20k http://www.corp.example/upload/random.bin
}

about http_proxy "tinyproxy nginx-light curl" "Through tinyproxy on srv port 8888, recorded on the client's link: absolute-URI requests, CONNECT to port 443 with TLS inside, CONNECT refused (403)"
cap_http_proxy() {
  web
  printf '%s\n' 'Port 8888' "Listen $SRV4" 'Timeout 20' 'ConnectPort 443' "PidFile \"$WORK/tinyproxy.pid\"" 'DisableViaHeader No' >"$WORK/tinyproxy.conf"
  start srv tinyproxy -d -c "$WORK/tinyproxy.conf"
  wait_tcp srv $SRV4 8888
  capture gw cli
  local p="-x http://$SRV4:8888"
  web_client $p http://www.corp.example/index.html -o /dev/null http://www.corp.example/logo.png
  web_client $p --cacert "$WORK/ca/ca.pem" https://secure.corp.example/about.html
  web_client $p --cacert "$WORK/ca/ca.pem" --http1.1 https://secure.corp.example/index.html
  web_client $p -k https://www.corp.example:8443/ || true
}

# small_talk: one of each, for the captures whose point is their link type.
small_talk() {
  at cli ping -n -c 1 $SRV4
  at cli dig +tries=1 +time=3 @$DNS4 www.corp.example A
  web_client --compressed http://www.corp.example/about.html
  web_client -g "http://[$SRV6]/logo.png"
}

about cooked_v1 "nginx-light curl dnsmasq bind9-dnsutils iputils-ping" "Link type LINUX_SLL (tcpdump -i any on srv): ping, DNS, HTTP over IPv4 and IPv6"
cap_cooked_v1() { web; nameserver; capture srv any -y LINUX_SLL; small_talk; }

about cooked_v2 "nginx-light curl dnsmasq bind9-dnsutils iputils-ping" "Link type LINUX_SLL2: the same, on the router, so every packet is there twice (in and out)"
cap_cooked_v2() { web; nameserver; capture gw any -y LINUX_SLL2; small_talk; }

about raw_ip "$TUNNEL_PACKAGES" "Link type RAW, recorded on the inside of a GRE tunnel: $INSIDE"
cap_raw_ip() {
  tunnel gre
  tunnel_up 1400 46
  web
  nameserver --listen-address=$IN_SRV4 --listen-address=$IN_SRV6
  capture srv tun0
  tunnel_talk 46
}

about smb "samba smbclient" "SMB 3.1.1 and NTLMSSP: a wrong password, then alice lists a share, downloads and uploads a file in clear; SMB 2.1; a share that does not exist"
cap_smb() {
  local d=$WORK/samba smb="at cli smbclient --configfile=/dev/null -U alice%Correct-Horse-7"
  web_content
  mkdir -p "$d"/{private,state,cache,lock,pid,share,ncalrpc}
  cp "$WORK/site/report.pdf" "$d/share/"
  chown -R 4001:4001 "$d/share"
  cat >"$d/smb.conf" <<CONF
[global]
  workgroup = CORP
  netbios name = SRV
  server role = standalone server
  private dir = $d/private
  state directory = $d/state
  cache directory = $d/cache
  lock directory = $d/lock
  pid directory = $d/pid
  ncalrpc dir = $d/ncalrpc
  log file = $d/log
  disable netbios = yes
  smb ports = 445
  load printers = no
  server min protocol = SMB2_02
[files]
  path = $d/share
  read only = no
CONF
  printf 'Correct-Horse-7\nCorrect-Horse-7\n' | at srv smbpasswd -c "$d/smb.conf" -s -a alice
  start srv smbd --foreground --configfile="$d/smb.conf"
  wait_tcp srv $SRV4 445
  capture gw srv
  at cli smbclient --configfile=/dev/null -U alice%wrong //$SRV4/files -c ls || true
  $smb //$SRV4/files -c "ls; get report.pdf $d/got.pdf; put $WORK/site/random.bin random.bin; mkdir new; del random.bin"
  $smb -m SMB2_10 //$SRV4/files -c ls
  $smb -L $SRV4 || true
  $smb //$SRV4/nothing -c ls || true
}
