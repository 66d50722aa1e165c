package config

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/reassembly/tcp"
)

func read(t *testing.T, text string) *Settings {
	t.Helper()
	s := Default()
	list := s.Read("luanids.yaml", []byte(text))
	if list.Errors() == 0 {
		list = append(list, s.check("luanids.yaml", []byte(text))...)
	}
	if list.Errors() > 0 {
		var b bytes.Buffer
		_ = diag.Text(&b, list, func(string) []byte { return []byte(text) }, 0)
		t.Fatalf("%s\n%s", b.String(), text)
	}
	return s
}

// everything sets each setting to something else than its default: the example of the tables, or a
// value that its type allows.
func everything(t *testing.T) *Settings {
	t.Helper()
	s := Default()
	before := s.values()
	for _, name := range append(keyNames(), "vars.HOME_NET", "detectors.BEH-BRUTE.fast", "host_policy.linux",
		"app_layer.options.http.libhtp.default-config.personality", "outputs.eve.options.dns.version") {
		k, _, _ := findKey(name)
		done := false
		for _, try := range []string{k.Example, "false", "true", "7", "65", "999", "70kb", "2mb", "32s", "500ms", "high", "drop", "json", "low", "123456", "[http]", "[rule]"} {
			if known, err := s.setOwn(name, []string{strings.Trim(try, `"`)}, Origin{Text: "test"}); known && err == nil && s.values()[name] != before[name] {
				done = true
				break
			}
		}
		if !done {
			t.Errorf("%s: no value found that differs from the default %s", name, before[name])
		}
	}
	return s
}

// What is printed is a configuration that gives the same settings.
func TestPrintIsReadBack(t *testing.T) {
	for name, s := range map[string]*Settings{"default": Default(), "everything": everything(t)} {
		for _, changed := range []bool{false, true} {
			var b bytes.Buffer
			if err := s.Print(&b, changed); err != nil {
				t.Fatal(err)
			}
			back := Default()
			if list := back.Read("luanids.yaml", b.Bytes()); len(list) > 0 {
				t.Fatalf("%s: %v\n%s", name, list, b.String())
			}
			if d := Diff(s, back); len(d) > 0 {
				t.Errorf("%s: after reading it back: %+v", name, d)
			}
		}
	}
}

// Every setting of the file that ships can be switched on as it stands, and then has its default.
func TestExampleIsRight(t *testing.T) {
	var on []string
	for _, line := range strings.Split(string(Example()), "\n") {
		bare := strings.TrimLeft(line, " ")
		if strings.HasPrefix(bare, "#") && !strings.HasPrefix(bare, "# ") && bare != "#" {
			line = strings.Repeat(" ", len(line)-len(bare)) + bare[1:]
		}
		on = append(on, line)
	}
	if len(read(t, string(Example())).origins) != 0 {
		t.Error("something in the example is switched on")
	}
	defaults := Default()
	s := read(t, strings.Join(on, "\n"))
	for _, k := range Keys() {
		if k.names != nil {
			if len(k.names(s)) == 0 {
				t.Errorf("%s is not in the example", k.Name)
			}
			continue
		}
		if s.Origin(k.Name) == fromDefault {
			t.Errorf("%s is not in the example", k.Name)
		}
		if want := k.get(defaults, nil).String(); want != "[]" && want != `""` && k.get(s, nil).String() != want {
			t.Errorf("%s is %s in the example, the default is %s", k.Name, k.get(s, nil), want)
		}
	}
}

// leftOut are fields of the engine's configuration that are no settings.
var leftOut = map[string]bool{
	"SaveSets": true, "FragHosts": true, // set by who runs it; Suricata's way to say it only
	"Rings": true, "RulesLoaded": true, "RulesFailed": true, "RulesSkipped": true, // the program's own
	"MinSeverity":     true,                                                        // set from the alert manager's
	"Frag.HashSize":   true,                                                        // has no effect
	"Flow.UDP.Closed": true, "Flow.ICMP.Closed": true, "Flow.Default.Closed": true, // only TCP closes
	"Limits.KeepCerts":  true,
	"Limits.KeepBodies": true,                                                          // worked out from rules
	"Pcap.Drop":         true, "Outputs.JSON.Append": true, "Outputs.EVE.Append": true, // whether it is live
	"EVEOptions.Suricata": true, // the version that we are compared with
	"Respond.Off":         true, // worked out
	"Limits.Frames":       true, // what rules and outputs look at
	"FileStore.Enabled":   true, // Suricata's way to say it
	"FileStore.Named":     true,
	"TLSStore.Enabled":    true,
	"TLSStore.Named":      true,
	"State.Dataset":       true, // has no effect
	"Manager.MinSeverity": true, // Settings.Manager is
}

// TestEverythingCanBeSet changes each number, truth value and text of the engine's configuration, and sees
// whether any setting shows it: nothing there is out of an operator's reach.
func TestEverythingCanBeSet(t *testing.T) {
	before := Default().values()
	n := 0
	var walk func(path string, get func(*engine.Config) reflect.Value)
	walk = func(path string, get func(*engine.Config) reflect.Value) {
		s := Default()
		v := get(&s.Engine)
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() {
					walk(strings.TrimPrefix(path+"."+f.Name, "."), func(c *engine.Config) reflect.Value { return get(c).Field(i) })
				}
			}
			return
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int, reflect.Int64, reflect.Uint8:
			if v.CanInt() {
				v.SetInt(v.Int() + 1e9)
			} else {
				v.SetUint(v.Uint() + 1)
			}
		case reflect.Uint16, reflect.Uint64:
			v.SetUint(v.Uint() + 7)
		case reflect.String:
			v.SetString("changed")
		default:
			return
		}
		n++
		if after := s.values(); reflect.DeepEqual(before, after) != leftOut[path] && !strings.HasPrefix(path, "Manager.") {
			t.Errorf("engine.Config.%s: set by a configuration: %v", path, !reflect.DeepEqual(before, after))
		}
	}
	walk("", func(c *engine.Config) reflect.Value { return reflect.ValueOf(c).Elem() })
	if n < 100 {
		t.Errorf("only %d fields were looked at", n)
	}
}

// enterprise is PyNIDS' enterprise.yaml as its documentation has it.
const enterprise = `
# Statistical anomaly thresholds
anomaly:
  ewma_alpha: 0.25
  sigma_threshold: 4.5
%s
# Data exfiltration
behavioral:
  exfil_threshold_bytes: 20971520
alert_manager:
  dedup_window: 90
  correlation_threshold: 4
suppression:
  - rule_id: "SIG-LAT-001"
    src_cidr: "10.10.0.0/16"
`

// Every tunable of PyNIDS' enterprise.yaml is heeded.
func TestPyNIDSFile(t *testing.T) {
	tunables := map[string]string{
		"detectors.BEH-FLOOD.alpha": "0.25", "detectors.BEH-FLOOD.sigma": "4.5",
		"detectors.BEH-SCAN-HOSTS.hosts": "16", "detectors.BEH-SCAN-PORTS.ports": "13",
		"detectors.BEH-BRUTE.fast": "9", "detectors.BEH-BRUTE.fast_window": "45", "detectors.BEH-BRUTE.ports": "[22, 3389]",
		"detectors.BEH-EXFIL.flow_bytes": "20971520",
		"alert_manager.dedup.window":     "90s", "alert_manager.correlation.threshold": "4",
		"suppression": "[{rule_id: SIG-LAT-001, src: [\"10.10.0.0/16\"]}]",
	}
	parts := []string{"scan:", "  horizontal_threshold: 16", "  vertical_threshold: 13", "brute_force:", "  threshold: 9", "  window: 45", "  ports: [22, 3389]"}
	for name, text := range map[string]string{
		"apart":         fmt.Sprintf(enterprise, strings.Join(parts, "\n")),
		"below anomaly": fmt.Sprintf(enterprise, "  "+strings.Join(parts, "\n  ")),
	} {
		s := Default()
		if list := s.Read("configs/enterprise.yaml", []byte(text)); len(list) > 0 {
			t.Fatalf("%s: %v", name, list)
		}
		got := s.values()
		for key, want := range tunables {
			if got[key] != want {
				t.Errorf("%s: %s is %s, want %s", name, key, got[key], want)
			}
		}
		if d := Diff(Default(), s); len(d) != len(tunables) {
			t.Errorf("%s: %d settings differ, want %d: %+v", name, len(d), len(tunables), d)
		}
		if o := s.Origin("detectors.BEH-FLOOD.sigma"); o.Text != "configs/enterprise.yaml:5" {
			t.Errorf("%s: origin %q", name, o.Text)
		}
	}
}

// The last source wins: file, --set, flag.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "l.yaml")
	if err := os.WriteFile(path, []byte("workers: 2\nstream:\n  depth: 2mb\nflow: {max_flows: 1000}\nrules: {files: [default, my, /abs]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	src := Source{File: path, Sets: []string{"stream.reassembly.depth=3mb", "flow.max-flows=2000", "no.such=1", "stream.inline=auto", "outputs.eve-log.community-id=yes",
		"host-os-policy.windows.0=10.0.0.0/8", "host-os-policy.windows.1=10.1.0.5", "vars.address-groups.HOME_NET=[10.0.0.0/8,!10.1.0.0/16]"},
		Flags: []Flag{{"--workers", "workers", []string{"3"}}, {"-s", "scripts.files", []string{"a,b.lua", "./c"}}}}
	s, list, _ := src.Load()
	if len(list) != 1 || !strings.Contains(list[0].Summary, "--set no.such: unknown setting, ignored") || list.Errors() > 0 {
		t.Fatalf("messages: %v", list)
	}
	got := s.values()
	for key, want := range map[string][2]string{
		"workers":                  {"3", "--workers"},
		"stream.depth":             {"3mb", "--set stream.reassembly.depth"},
		"flow.max_flows":           {"2000", "--set flow.max-flows"},
		"outputs.eve.community_id": {"true", "--set outputs.eve-log.community-id"},
		"host_policy.windows":      {`["10.0.0.0/8", "10.1.0.5"]`, "--set host-os-policy.windows.1"},
		"vars.HOME_NET":            {`"[10.0.0.0/8,!10.1.0.0/16]"`, "--set vars.address-groups.HOME_NET"},
		"rules.files":              {"[default, " + dir + "/my, /abs]", path + ":5"},
		"scripts.files":            {`["a,b.lua", ./c]`, "-s"},
		"stream.midstream":         {"false", "default"},
	} {
		if got[key] != want[0] || s.Origin(key).Text != want[1] {
			t.Errorf("%s: %s from %s, want %s from %s", key, got[key], s.Origin(key).Text, want[0], want[1])
		}
	}
}

func TestWrongSources(t *testing.T) {
	for want, src := range map[string]Source{
		"cannot read /nowhere/l.yaml: no such file or directory":                                     {File: "/nowhere/l.yaml"},
		"cannot read /: it is a folder":                                                              {File: "/"},
		"--set stream.depth: expected KEY=VALUE":                                                     {Sets: []string{"stream.depth"}},
		`--set stream.depth: expected a size, found the text "deep"; such as 1mb`:                    {Sets: []string{"stream.depth=deep"}},
		`--set flow-timeouts.tcp.new: "soon" is not a number`:                                        {Sets: []string{"flow-timeouts.tcp.new=soon"}},
		"--workers 65 is out of range: use 0 to 64":                                                  {Flags: []Flag{{"--workers", "workers", []string{"65"}}}},
		"--output xml: expected one of text, json, none":                                             {Flags: []Flag{{"--output", "outputs.console.format", []string{"xml"}}}},
		"--set capture.bpf: expected a text, found nothing; such as \"not port 22\"":                 {Sets: []string{"capture.bpf=~"}},
		"alert_manager.correlation.threshold: a correlation threshold of 1 would double every alert": {Sets: []string{"alert_manager.correlation.threshold=1"}},
	} {
		_, list, _ := src.Load()
		if len(list) != 1 || !strings.HasPrefix(list[0].Summary, want) {
			t.Errorf("got %v, want %s", list, want)
		}
	}
}

// A difference names what a reload changes, and what it cannot.
func TestDiff(t *testing.T) {
	old := read(t, "workers: 2\nvars: {A: 1, B: 2}\nalert_manager: {dedup: {window: 30s}}\nsuppression: [{tag: x}]\n")
	new := read(t, "workers: 4\nvars: {B: 3, C: 4}\nalert_manager: {dedup: {window: 30s}}\n")
	var got []string
	for _, c := range Diff(old, new) {
		got = append(got, fmt.Sprintf("%s: %s -> %s %v %s", c.Key, c.Old, c.New, c.Restart, c.Origin.Text))
	}
	want := []string{"workers: 2 -> 4 true luanids.yaml:1", `vars.A: "1" ->  false default`, `vars.B: "2" -> "3" false luanids.yaml:2`,
		`vars.C:  -> "4" false luanids.yaml:2`, "suppression: [{tag: x}] -> [] false default"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What the engine gets is its own: a later reload does not reach into it.
func TestEngineConfig(t *testing.T) {
	s := read(t, "stream: {depth: 2mb}\nhost_policy: {windows: [10.0.0.0/8]}\napp_layer: {disabled: [ssh]}\nalert_manager: {min_severity: high}\nflow: {timeouts: {udp: {new: 5}}}\n")
	for range 2 {
		c, err := s.EngineConfig()
		if err != nil {
			t.Fatal(err)
		}
		c.Disabled["dns"] = true
		for what, ok := range map[string]bool{
			"depth": c.TCP.Depth == 2<<20, "policy": c.TCP.Policy(packet.V4([]byte{10, 1, 2, 3})) == tcp.PolicyWindows,
			"disabled": c.Disabled["ssh"], "severity": c.MinSeverity == alert.High && c.Manager.MinSeverity == alert.High,
			"time-out": c.Flow.UDP.New == 5e9, "its own": !s.Engine.Disabled["dns"],
		} {
			if !ok {
				t.Errorf("%s: not as set", what)
			}
		}
	}
}

// Record types are a list, or changes to the default.
func TestRecordTypes(t *testing.T) {
	for text, want := range map[string]string{
		"[alert, dns]": "[alert, dns]", "[-flow, +netflow, -ssh]": `["-flow", "+netflow", "-ssh"]`, "[]": "[]", "alert": "[alert]",
	} {
		s := read(t, "outputs: {eve: {types: "+text+"}}")
		if got := s.values()["outputs.eve.types"]; got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		o := &s.Engine.EVEOptions
		if text == "[alert, dns]" && (o.Core[eve.FlowRecord] || !o.Protocol("dns") || o.Protocol("ssh")) {
			t.Error("a list is not all that is written")
		}
		if strings.Contains(text, "-flow") && (o.Core[eve.FlowRecord] || !o.Core[eve.Netflow] || !o.Protocol("dns") || o.Protocol("ssh")) {
			t.Error("changes are not made to the default")
		}
	}
}

func TestFilesAreFound(t *testing.T) {
	for head, want := range map[string]bool{
		"# mine\nstream:\n  depth: 1mb\n": true, "anomaly:\n  ewma_alpha: 0.3\n": true, "stream.depth: 1mb\n": true,
		"rules:\n- id: X\n": false, "rules:\n  # mine\n  files: [a]\n": true, "rules: {files: a}\n": true, "rules:\n": false, "entries:\n- cidr: 10.0.0.0/8\n": false, "": false, "-x: 1\n": false,
	} {
		if got := IsConfig("site.yaml", []byte(head)); got != want {
			t.Errorf("%q: a configuration: %v", head, got)
		}
	}
	if !IsConfig("/etc/luanids/luanids.yaml", nil) || IsConfig("luanids.json", nil) {
		t.Error("names are not heeded")
	}
}

// FuzzRead reads anything without harm, and what is right is printed so that it can be read again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(enterprise, "scan: {vertical_threshold: 3}")))
	f.Add([]byte("app_layer: {options: &o {a: *o, b: *o, c: *o}}\n"))
	f.Add([]byte("a: &a [*a]\nstream: *a\n"))
	f.Add([]byte("detectors: {X: {a: 1e9, b: [yes, 0x10, ~], c: .inf, d: 2027-01-01}}\nvars: {A: [1, b]}\n"))
	f.Add([]byte("suppression: [{rule_id: \"a b\", src: 10.0.0.0/8, expires: 2027-01-01, reason: \"x: y\\u2028\"}]\n"))
	f.Add([]byte("suppression: [{rule_id: A, src: 10.0.0.0/8, expires: 2027-01-01, reason: \"0\\x80\\x7f\\ufeff\\uffff\"}]\n"))
	f.Add([]byte("outputs.eve: {types: [-flow], options: {dns: {version: 3}}}\n? [a]\n: b\n"))
	files, _ := filepath.Glob("testdata/errors/*.txtar")
	for _, name := range files {
		if ar, err := txtar.ParseFile(name); err == nil {
			f.Add(ar.Files[0].Data)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := Default()
		list := s.Read("l.yaml", text)
		if err := diag.Text(io.Discard, list, func(string) []byte { return text }, 0); err != nil {
			t.Fatal(err)
		}
		if list.Errors() > 0 {
			return
		}
		s.check("l.yaml", text)
		var b bytes.Buffer
		if err := s.Print(&b, false); err != nil {
			t.Fatal(err)
		}
		back := Default()
		if list := back.Read("l.yaml", b.Bytes()); list.Errors() > 0 {
			t.Fatalf("what was printed cannot be read: %v\n%s", list, b.String())
		}
		if d := Diff(s, back); len(d) > 0 {
			t.Fatalf("after reading it back: %+v\n%s", d, b.String())
		}
	})
}
