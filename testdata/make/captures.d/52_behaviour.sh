# What the Lua detectors must find, and everyday traffic on which they must stay silent. Where time is what a detector
# looks at, the pauses between what was recorded are made longer (retime.py): nobody waits an hour for a test.
# shellcheck shell=bash disable=SC2154,SC2086

about beacon_hour "nginx-light curl" \
  "ATTACK: cli calls the attacker's nginx 60 times, every 60 s ± 20 %: recorded at one call a second, the calls moved apart 60-fold (what happens within a call is as recorded)"
cap_beacon_hour() {
  WEB_HOST=atk web
  capture gw atk
  requests 60 1 beacon
  capture_stop
  python3 "$HERE/retime.py" "$WORK/capture.pcap" spread 60
}

about poisson_hour "nginx-light curl" \
  "BENIGN counterpart of beacon_hour: 60 calls as a Poisson process of mean 60 s, recorded at mean 1 s and moved apart in the same way"
cap_poisson_hour() {
  WEB_HOST=atk web
  capture gw atk
  requests 60 1 poisson
  capture_stop
  python3 "$HERE/retime.py" "$WORK/capture.pcap" spread 60
}

about long_connection "ncat" \
  "ATTACK: cli stays connected to the attacker's ncat on port 8443, a line each way now and then: 50 s recorded, stretched 100-fold to 1 h 23 min"
cap_long_connection() {
  capture gw atk
  { for _ in $(seq 25); do sleep 2; echo "tasks?"; done; } | at atk ncat -l -p 8443 >/dev/null &
  wait_tcp atk $ATK4 8443
  { for _ in $(seq 24); do sleep 2; echo "none"; done; } | at cli ncat $ATK4 8443 >/dev/null || true
  capture_stop
  python3 "$HERE/retime.py" "$WORK/capture.pcap" stretch 100
}

about new_service "nginx-light curl ncat" \
  "ATTACK: cli browses www.corp.example; 26 hours later (recorded after a pause of 3 s) the attacker uses a shell that listens on srv port 1337"
cap_new_service() {
  local i
  web
  capture gw srv
  for i in 1 2 3; do at cli curl -sS -o /dev/null http://www.corp.example/index.html; done
  sleep 3
  at cli curl -sS -o /dev/null http://www.corp.example/index.html
  (cd / && start srv ncat -l -p 1337 -c 'read x; echo done')
  wait_tcp srv $SRV4 1337
  echo id | at atk ncat -w 3 $SRV4 1337 || true
  capture_stop
  python3 "$HERE/retime.py" "$WORK/capture.pcap" pause 2.5 93600
}

# resolver ARGUMENT...: a resolver on srv for everybody; the names that it knows are arguments of dnsmasq.
resolver() {
  start srv dnsmasq -k --conf-file=/dev/null --no-hosts --no-resolv --user=root --pid-file= --bind-interfaces \
    --listen-address=$DNS4 --except-interface=lo --log-facility=- "$@"
  wait_udp srv $DNS4 53
}

about dga_lookup "dnsmasq bind9-dnsutils" \
  "ATTACK: cli asks for 60 names of random letters in com, net, org, info, which do not exist, two a second"
cap_dga_lookup() {
  local query
  resolver --local=/com/ --local=/net/ --local=/org/ --local=/info/
  capture gw srv
  python3 -c '
import random
rng = random.Random(11)
for i in range(60):
    print("".join(rng.choice("bcdfghjklmnpqrstvwxz7aeiou") for _ in range(rng.randint(10, 16))) + "." + ["com", "net", "org", "info"][i % 4])
' >"$WORK/names"
  while read -r query; do at cli dig +tries=1 +noall @$DNS4 "$query" A; sleep 0.2; done <"$WORK/names"
}

about udp_flood "hping3" "ATTACK: hping3 sends UDP datagrams to srv port 9999, about 1500 a second for 4 s; the kernel answers few of them"
cap_udp_flood() { capture gw srv -s 96; at atk hping3 -q --udp -p 9999 -k -s 4444 -i u500 -c 6000 -d 20 $SRV4 || true; }

about icmp_flood "hping3" "ATTACK: hping3 sends pings to srv, which does not answer pings, about 1500 a second for 4 s"
cap_icmp_flood() {
  at srv sysctl -qw net.ipv4.icmp_echo_ignore_all=1
  capture gw srv -s 96
  at atk hping3 -q -1 -i u500 -c 6000 -d 20 $SRV4 || true
}

about dns_amplification "hping3" \
  "ATTACK: what the victim of an amplification attack sees: answers of 1400 bytes from port 53 that nobody asked for, 1500 of them (sent by hping3, from one address). Cut to 100 bytes a packet"
cap_dns_amplification() { capture gw srv -s 100; at atk hping3 -q --udp -s 53 -k -p 40000 -d 1400 -i u1000 -c 1500 $SRV4 || true; }

about busy_resolver "dnsmasq bind9-dnsutils" \
  "BENIGN: cli asks for 300 names as pages have them (hosts of CDNs, mail, images) below a dozen domains, some of them not there"
cap_busy_resolver() {
  resolver --address=/example/$SRV4 --address=/test/$SRV4 --local=/invalid/
  capture gw srv
  python3 -c '
words = "www cdn img static api mail news shop login video maps search docs forum blog store media assets fonts ads".split()
sites = "weather.example bank.example garden.example bicycle.test football.test library.example cooking.test railway.example music.test photo.example travel.test museum.invalid".split()
for i in range(300):
    n = words[i % len(words)] + (str(i // 60) if i % 3 == 0 else "")
    print(n + "." + sites[i * 7 % len(sites)], ["A", "AAAA", "A", "HTTPS"][i % 4])
' >"$WORK/names"
  at cli dig +tries=1 +noall @$DNS4 -f "$WORK/names"
}

about backup "nginx-light curl" "BENIGN: cli backs up 12 MB to the file server inside by HTTP PUT. Cut to 100 bytes a packet"
cap_backup() {
  web
  head -c 12582912 /dev/zero >"$WORK/backup.tar"
  capture gw srv -s 100
  at cli curl -sS --max-time 60 --limit-rate 20M -o /dev/null -T "$WORK/backup.tar" http://files.corp.example/upload/backup.tar
}
