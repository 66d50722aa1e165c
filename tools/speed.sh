#!/usr/bin/env bash
# Measures the engine on a capture, in one run against tcpdump, so that figures are ratios and hold on any machine:
#
#   tools/speed.sh CAPTURE RULES [ROUNDS]
#
# It prints, for tcpdump (which reads and writes every byte), no rules, 100 rules picked from RULES with a fixed seed, all
# rules, and all rules with two workers: seconds, CPU seconds, the ratio to tcpdump, and peak memory, each the best of
# ROUNDS (3); then how the run grows from 100 rules to all, loading left out, and what two workers save. The binary is
# build/luanids, or what LUANIDS names.
set -eu
[ $# -ge 2 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2; }
exec python3 - "${LUANIDS:-build/luanids}" "$@" <<'PY'
import os, random, struct, subprocess, sys, tempfile, time

binary, capture, rules = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
null = subprocess.DEVNULL
work = tempfile.TemporaryDirectory()
log = os.path.join(work.name, "eve.json")

lines = [l for l in open(rules, encoding="utf-8", errors="replace") if l.strip() and not l.lstrip().startswith("#")]
few = os.path.join(work.name, "few" + os.path.splitext(rules)[1])
with open(few, "w", encoding="utf-8") as f:
    f.writelines(random.Random(42).sample(lines, min(100, len(lines))))
empty = os.path.join(work.name, "empty.pcap")  # to load the rules and do nothing else
with open(empty, "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))


def luanids(rule_file, workers=1, of=capture):
    return [binary, "-f", of, "-r", rule_file, "-s", "none", "--eve", log, "--output", "none", "--no-progress",
            "--workers", str(workers)]


runs = {
    "tcpdump": ["tcpdump", "-r", capture, "-w", "/dev/null"],
    "no rules": luanids("none"),
    "100 rules": luanids(few),
    "all rules": luanids(rules),
    "all rules, 2 workers": luanids(rules, 2),
    "loading all rules": luanids(rules, 1, empty),
}


def once(cmd):
    start = time.monotonic()
    p = subprocess.Popen(cmd, stdout=null, stderr=null)
    _, status, used = os.wait4(p.pid, 0)
    if status:
        sys.exit("failed: " + " ".join(cmd))
    return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


best = {}
for _ in range(rounds):  # one after the other, so that a busy moment hits all alike
    for name, cmd in runs.items():
        got = once(cmd)
        best[name] = tuple(map(min, best.get(name, got), got))

base_wall, base_cpu, _ = best["tcpdump"]
print(f"{'':22}{'seconds':>9}{'x':>7}{'CPU':>9}{'x':>7}{'MB':>7}")
for name, (wall, cpu, mem) in best.items():
    print(f"{name:22}{wall:9.2f}{wall / base_wall:7.1f}{cpu:9.2f}{cpu / base_cpu:7.1f}{mem:7.0f}")
load = best["loading all rules"]
for i, unit in ((0, "seconds"), (1, "CPU")):
    print(f"from 100 rules to all, without loading, {unit}: x {(best['all rules'][i] - load[i]) / best['100 rules'][i]:.2f}")
print(f"two workers / one: {best['all rules, 2 workers'][0] / best['all rules'][0]:.2f}"
      f", without loading {(best['all rules, 2 workers'][0] - load[0]) / (best['all rules'][0] - load[0]):.2f}")
load = os.getloadavg()[0]
if load > 1.5:
    print(f"the load average is {load:.1f}: others use this machine, and the figures are worth little")
PY
