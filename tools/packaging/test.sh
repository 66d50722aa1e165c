#!/usr/bin/env bash
# Installs a package, uses what it brought as its service does, and removes it again. Needs root.
#
#   tools/packaging/test.sh build/luanids_VERSION_ARCH.deb
set -euo pipefail
deb=$(readlink -f "$1")
top=$(cd "$(dirname "$0")/../.." && pwd)
passed=0
ok() { passed=$((passed + 1)); echo "ok: $1"; }
fail() { echo "FAIL: $1" >&2; exit 1; }
work=$(mktemp -d)
chmod 0755 "$work"
cleanup() {
	[ -z "${pid:-}" ] || kill "$pid" 2>/dev/null || true
	if dpkg -s luanids >/dev/null 2>&1; then dpkg -P luanids >/dev/null 2>&1 || true; fi
	deluser --quiet luanids >/dev/null 2>&1 || true # the package keeps it, a test does not
	rm -rf "$work"
}
trap cleanup EXIT
[ "$(id -u)" -eq 0 ] || fail "needs root"
if dpkg -s luanids >/dev/null 2>&1 || [ -e /etc/luanids ]; then fail "luanids is installed on this machine; the test would remove it"; fi
command -v adduser >/dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq adduser >/dev/null; }

if command -v lintian >/dev/null; then
	lintian --allow-root --fail-on error,warning "$deb" || fail "lintian"
	ok "lintian finds nothing"
fi

DEBIAN_FRONTEND=noninteractive dpkg -i "$deb" >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; fail "dpkg -i"; }
grep -q "systemctl enable --now luanids" "$work/dpkg.log" || fail "dpkg -i does not say how to go on"
getent passwd luanids | grep -q ':/usr/sbin/nologin$' || fail "no user luanids without a shell"
[ "$(stat -c %U:%a /var/log/luanids)" = luanids:750 ] || fail "/var/log/luanids"
[ "$(stat -c %U:%a /var/lib/luanids)" = luanids:750 ] || fail "/var/lib/luanids"
ok "installs, with a user and folders of its own"

/usr/bin/luanids version | grep -q '^luanids ' || fail "luanids version"
/usr/bin/luanids check /etc/luanids/luanids.yaml || fail "the configuration that ships is wrong"
/usr/bin/luanids check /usr/share/doc/luanids/examples/luanids.yaml || fail "the example of all settings is wrong"
for page in luanids luanids-query luanids-check; do
	gzip -dc "/usr/share/man/man1/$page.1.gz" | grep -qi '^\.TH "\?LUANIDS' || fail "man page $page"
done
ok "configuration and man pages"

if command -v systemd-analyze >/dev/null; then
	systemd-analyze verify --man=no /usr/lib/systemd/system/luanids.service 2>"$work/verify" || { cat "$work/verify"; fail "systemd-analyze verify"; }
	! grep luanids "$work/verify" || fail "systemd-analyze verify has something to say"
	ok "systemd-analyze verify"
fi

# As the service: the user, two capabilities, no new privileges, and a socket to say that it is ready.
sed 's/interfaces: \[any\].*/interfaces: [lo]/; s/9477/19477/' /etc/luanids/luanids.yaml >"$work/luanids.yaml"
chmod 0644 "$work/luanids.yaml"
cat >"$work/notified.py" <<'P'
import os, socket, sys
path = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(path)
os.chmod(path, 0o777)
print("bound", flush=True)
while True:
    print(s.recv(4096).decode().replace("\n", " "), flush=True)
P
python3 "$work/notified.py" "$work/notify" >"$work/notified" &
python=$!
for _ in $(seq 100); do [ -S "$work/notify" ] && break; sleep 0.05; done
caps=+net_raw,+net_admin
NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=1000000 setpriv --reuid luanids --regid luanids --init-groups --no-new-privs \
	--inh-caps "-all,$caps" --ambient-caps "-all,$caps" --bounding-set "-all,$caps" \
	/usr/bin/luanids -c "$work/luanids.yaml" >"$work/out" 2>&1 &
pid=$!
for _ in $(seq 800); do grep -q READY=1 "$work/notified" && break; sleep 0.05; done
grep -q READY=1 "$work/notified" || { cat "$work/out"; fail "never ready"; }
grep -qv '^CapEff:\s*0*$' /proc/$pid/status || fail "status"
for t in /proc/$pid/task/*/status; do
	grep -Eq '^CapEff:\s+0+$' "$t" && grep -Eq '^CapPrm:\s+0+$' "$t" && grep -Eq '^NoNewPrivs:\s+1$' "$t" || fail "privileges are left in $t"
done
ok "runs as its service does, ready, without capabilities on any thread"
for _ in $(seq 200); do grep -q WATCHDOG=1 "$work/notified" && break; sleep 0.05; done
grep -q WATCHDOG=1 "$work/notified" || fail "no watchdog"
python3 - <<'P' || fail "figures"
import time, urllib.request
get = lambda p: urllib.request.urlopen("http://127.0.0.1:19477" + p, timeout=5)
assert get("/healthz").status == 200 and get("/readyz").status == 200
time.sleep(0.5)  # these requests are the traffic
text = get("/metrics").read().decode()
packets = [l for l in text.splitlines() if l.startswith("luanids_capture_packets_total ")]
assert float(packets[0].split()[1]) > 0, packets
P
ok "watchdog, health and figures"
kill -HUP "$pid"
for _ in $(seq 400); do grep -q RELOADING=1 "$work/notified" && break; sleep 0.05; done
sleep 1
grep -q RELOADING=1 "$work/notified" || { cat "$work/out"; fail "SIGHUP is not told as a reload"; }
kill -0 "$pid" || { cat "$work/out"; fail "SIGHUP ended it"; }
ok "reload"
kill -TERM "$pid"
for _ in $(seq 200); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
! kill -0 "$pid" 2>/dev/null || fail "SIGTERM did not end it"
wait "$pid" || { cat "$work/out"; fail "exit code"; }
pid=
kill "$python" 2>/dev/null || true
grep -q STOPPING=1 "$work/notified" || fail "the end is not told"
[ -s /var/log/luanids/eve.json ] || fail "no EVE records"
ok "ends, with its records written"

dpkg -r luanids >/dev/null || fail "dpkg -r"
[ -e /etc/luanids/luanids.yaml ] || fail "removal took the configuration"
dpkg -P luanids >"$work/purge" 2>&1 || { cat "$work/purge"; fail "dpkg -P"; }
[ ! -e /usr/bin/luanids ] && [ ! -e /etc/luanids ] || fail "something is left"
[ -s /var/log/luanids/eve.json ] || fail "purging took the alerts"
rm -rf /var/log/luanids /var/lib/luanids
ok "removal and purge; records stay"
echo "$passed passed, 0 failed"
