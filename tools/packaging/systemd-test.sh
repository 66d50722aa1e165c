#!/usr/bin/env bash
# Installs a package in a container that systemd has booted, and has it live there as a service: readiness, hardening, traffic, reload,
# watchdog, crash, wrong configuration, upgrade, stop, removal. Needs root, systemd-container, debootstrap, curl and a Debian mirror.
#
#   tools/packaging/systemd-test.sh build/luanids_VERSION_ARCH.deb [ROOT]
#
# ROOT is a Debian with systemd made by an earlier run, or where one is to be made (KEEP=yes keeps it; about 250 MB, a minute).
# Ends with 77 where it cannot run.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
not_run() { echo "tools/packaging/systemd-test.sh: NOT RUN: $*" >&2; exit 77; }
((EUID == 0)) || not_run "needs root"
for tool in systemd-nspawn debootstrap curl nsenter; do
	command -v $tool >/dev/null || not_run "no $tool; apt-get install systemd-container debootstrap curl util-linux"
done
deb=$(readlink -f "$1")
root=${2:-$(mktemp -d /tmp/luanids-systemd.XXXXXX)}
passed=0 nspawn='' web=''
ok() { passed=$((passed + 1)); echo "ok: $*"; }
fail() {
	echo "FAIL: $*" >&2
	inside journalctl --no-pager -n 30 -u luanids >&2 || true
	exit 1
}
cleanup() {
	trap - EXIT
	[ -z "$web" ] || kill "$web" 2>/dev/null || true
	if [ -n "$nspawn" ] && kill -0 "$nspawn" 2>/dev/null; then
		kill -RTMIN+4 "$leader" 2>/dev/null || true # systemd(1): power off
		for _ in $(seq 100); do kill -0 "$nspawn" 2>/dev/null || break; sleep 0.1; done
		kill -KILL "$nspawn" 2>/dev/null || true
	fi
	[ -n "${KEEP:-}" ] || [ -n "${2:-}" ] || rm -rf "$root"
}
trap 'cleanup "$@"' EXIT
trap 'exit 130' INT TERM

inside() { nsenter -t "$leader" -m -u -i -n -p -- "$@"; }   # in the container
beside() { nsenter -t "$leader" -n -- "$@"; }               # our programs, its network
show() { inside systemctl show -p "$1" --value luanids; }
# until SECONDS WHAT COMMAND...
until_so() {
	local n=$(($1 * 10)) what=$2
	shift 2
	for _ in $(seq "$n"); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done
	fail "$what"
}
# journal PATTERN: not through a pipe that grep -q would break.
journal() { inside journalctl -u luanids --no-pager -o cat >"$root/root/journal" && grep -q "$1" "$root/root/journal"; }
is() { [ "$(show "$1")" = "$2" ]; }

if [ ! -x "$root/lib/systemd/systemd" ]; then
	rmdir "$root" 2>/dev/null || true
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,adduser bookworm "$root" >"/tmp/luanids-debootstrap.$$" 2>&1 ||
		{ tail -n 3 "/tmp/luanids-debootstrap.$$" >&2; rm -f "/tmp/luanids-debootstrap.$$"; not_run "debootstrap failed (no mirror?)"; }
	rm -f "/tmp/luanids-debootstrap.$$"
fi
chroot "$root" dpkg -P luanids >/dev/null 2>&1 || true # of a run that failed
rm -rf "$root"/etc/luanids "$root"/var/log/luanids "$root"/var/lib/luanids "$root"/etc/systemd/system/luanids.service.d
cp "$deb" "$root/root/luanids.deb"
systemd-nspawn -q --boot -D "$root" --machine="luanids-$$" --private-network --register=no --keep-unit \
	--system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" >"$root/root/console" 2>&1 &
nspawn=$!
for _ in $(seq 100); do
	leader=$(pgrep -P $nspawn -x systemd || true)
	[ -n "$leader" ] && inside systemctl is-system-running --wait >/dev/null 2>&1 && break
	[ -z "$leader" ] || ! inside systemctl is-active multi-user.target >/dev/null 2>&1 || break
	kill -0 $nspawn 2>/dev/null || not_run "the container does not boot: $(tail -n 2 "$root/root/console")"
	sleep 0.2
done
[ -n "$leader" ] || not_run "the container does not boot"
beside ip link add t0 type veth peer name t1
beside ip addr add 10.66.0.1/24 dev lo
beside ip link set lo up
beside ip link set t0 up
beside ip link set t1 up
ok "boots: $(inside systemctl --version | head -1), as process 1"

inside dpkg -i /root/luanids.deb >"$root/root/dpkg" 2>&1 || { cat "$root/root/dpkg"; fail "dpkg -i"; }
inside systemctl is-active luanids >/dev/null && fail "the package started it"
inside sed -i 's/interfaces: \[any\].*/interfaces: [lo]/' /etc/luanids/luanids.yaml
inside sh -c 'mkdir -p /etc/luanids/rules && cat >/etc/luanids/rules/own.nids' <<'R'
rule OWN-1 "asked for the first" {
  when http.uri ~ /first/
}
R
inside sed -i 's#files: \[default\]#files: [default, /etc/luanids/rules]#' /etc/luanids/luanids.yaml
begun=$EPOCHREALTIME
inside systemctl enable --now luanids 2>/dev/null || fail "systemctl enable --now"
is ActiveState active || fail "not active"
[[ "$(show StatusText)" == watching* ]] || fail "status text: $(show StatusText)"
ok "enable --now returns when it is ready, after $(awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.1f s", b - a}'); status: $(show StatusText)"

pid=$(show MainPID)
inside ps -o user= -p "$pid" 2>/dev/null | grep -qx luanids || inside stat -c %U "/proc/$pid" | grep -qx luanids || fail "not the user luanids"
for t in $(inside sh -c "ls /proc/$pid/task"); do
	inside cat "/proc/$pid/task/$t/status" >"$root/root/status"
	grep -Eq '^CapEff:\s+0+$' "$root/root/status" && grep -Eq '^CapPrm:\s+0+$' "$root/root/status" && grep -Eq '^NoNewPrivs:\s+1$' "$root/root/status" &&
		grep -Eq '^Seccomp:\s+2$' "$root/root/status" || fail "thread $t has privileges left, or no seccomp"
done
inside nsenter -t "$pid" -m -- sh -c 'touch /etc/x 2>/dev/null || touch /usr/x 2>/dev/null' && fail "it may write to /etc or /usr"
score=$(inside systemd-analyze security --no-pager luanids | sed -n 's/.*Overall exposure level for luanids.service: \([0-9.]*\).*/\1/p')
awk -v s="$score" 'BEGIN {exit !(s > 0 && s < 3)}' || fail "systemd-analyze security: $score"
ok "user luanids, no capabilities, seccomp on every thread; systemd-analyze security: exposure $score of 10"

beside python3 -m http.server --directory /nonexistent --bind 10.66.0.1 80 >/dev/null 2>&1 &
web=$!
until_so 5 "the web server" beside curl -s -o /dev/null http://10.66.0.1/
ask() { beside curl -s -m 5 -o /dev/null "http://10.66.0.1/$1"; }
told() { inside grep -q "\"signature\":\"$1\"" /var/log/luanids/eve.json; }
ask first
until_so 1 "no alert on real traffic within a second" told "asked for the first"
beside curl -s -m 5 http://127.0.0.1:9477/healthz >/dev/null || fail "health"
ok "alerts on real traffic within a second; health answers"

inside sed -i 's/first/second/g; s/OWN-1/OWN-2/' /etc/luanids/rules/own.nids
inside systemctl reload luanids || fail "systemctl reload"
until_so 20 "the reload is not told" journal 'reloaded in'
ask second
until_so 1 "the reloaded rule does not alert" told "asked for the second"
is MainPID "$pid" || fail "reload made another process"
ok "reload: $(inside journalctl -u luanids --no-pager -o cat | grep -o 'reloaded in.*' | tail -1)"
inside sh -c 'echo "rule BROKEN {" >>/etc/luanids/rules/own.nids'
inside systemctl reload luanids || true
until_so 20 "a reload that fails is not told" journal 'nothing was reloaded: .*own.nids:'
ask second/again
is ActiveState active && is MainPID "$pid" || fail "a wrong rule ended it"
until_so 2 "status: $(show StatusText)" inside sh -c "systemctl show -p StatusText luanids | grep -q 'last reload failed'"
inside sed -i '/BROKEN/d' /etc/luanids/rules/own.nids
ok "a reload that fails changes nothing, and systemctl status says so"

inside mkdir -p /run/systemd/system/luanids.service.d
inside sh -c 'printf "[Service]\nWatchdogSec=3s\nRestartSec=1s\n" >/run/systemd/system/luanids.service.d/test.conf'
inside systemctl daemon-reload
inside systemctl restart luanids || fail "restart"
pid=$(show MainPID)
sleep 5
is MainPID "$pid" && is NRestarts 0 || fail "the watchdog ended a healthy process"
inside sh -c "kill -STOP $pid"
until_so 40 "a process that stands still is not restarted" is NRestarts 1
until_so 20 "not ready again" is ActiveState active
journal "Failed with result 'watchdog'" || fail "it was not the watchdog"
pid=$(show MainPID)
ok "watchdog: a process that stands still is restarted, a healthy one is left alone"
inside sh -c "kill -SEGV $pid"
until_so 20 "not restarted after a crash" is NRestarts 2
until_so 20 "not ready again" is ActiveState active
ask second/after-the-crash
ok "restarted after a crash"

begun=${EPOCHREALTIME/./}
inside systemctl stop luanids
took=$(((${EPOCHREALTIME/./} - begun) / 1000))
is ActiveState inactive && is ExecMainStatus 0 || fail "stop: $(show ActiveState), status $(show ExecMainStatus)"
((took < 2000)) || fail "stop took $took ms"
inside tail -n 1 /var/log/luanids/eve.json | grep -q '}$' || fail "the last record is cut"
ok "stop takes $took ms, exit code 0, records whole"

inside sed -i 's/^outputs:/outputz:/' /etc/luanids/luanids.yaml
inside systemctl start luanids 2>/dev/null && fail "a wrong configuration starts"
journal 'luanids.yaml:[0-9]*.*outputz' || fail "the journal does not say what is wrong"
inside systemctl stop luanids
inside systemctl reset-failed luanids 2>/dev/null || true
inside sed -i 's/^outputz:/outputs:/' /etc/luanids/luanids.yaml
ok "a wrong configuration does not start, and the journal names file and line"

inside systemctl start luanids || fail "start"
pid=$(show MainPID)
inside dpkg -i /root/luanids.deb >"$root/root/dpkg" 2>&1 || { cat "$root/root/dpkg"; fail "upgrade"; }
is ActiveState active && ! is MainPID "$pid" || fail "an upgrade did not restart it"
inside grep -q '/etc/luanids/rules' /etc/luanids/luanids.yaml || fail "the upgrade took the configuration"
ok "upgrade: restarted, configuration kept"
inside dpkg -r luanids >/dev/null 2>&1 || fail "dpkg -r"
until_so 5 "removal leaves the process" inside sh -c '! pgrep -x luanids 2>/dev/null && ! grep -lsx luanids /proc/[0-9]*/comm'
inside dpkg -P luanids >/dev/null 2>&1 || fail "dpkg -P"
inside test -s /var/log/luanids/eve.json || fail "purging took the records"
ok "removal stops it, records stay"
echo "$passed passed, 0 failed"
