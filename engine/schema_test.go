package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/rules"
)

// Suricata's schema of EVE records and its test captures are other people's data, which is not
// kept in the project: where they lie beside it, they are used.
const (
	schemaFile  = "../../shared/reference/eve-schema.json"
	suiteFolder = "../../shared/conformance/open"
	maxProblems = 20 // that are told of
)

// TestRecordsKeepToTheSchema validates every record that the captures at hand give, with all types
// and everything that a record may hold switched on, and the rules that ship.
func TestRecordsKeepToTheSchema(t *testing.T) {
	if testing.Short() {
		t.Skip("the long form runs in the unit tests; nothing here is about goroutines")
	}
	if _, err := os.Stat(schemaFile); err != nil {
		t.Skip("the schema of EVE records, third-party data, is not beside the project")
	}
	schema := compileSchema(t)
	if schema.Validate(map[string]any{"event_type": "dns", "timestamp": "", "invented": true}) == nil {
		t.Fatal("the schema allows members that it does not name: nothing would be found")
	}
	files := captures(t)
	_ = filepath.WalkDir(suiteFolder, func(p string, _ os.DirEntry, err error) error {
		if err == nil && (strings.HasSuffix(p, ".pcap") || strings.HasSuffix(p, ".pcapng")) {
			files = append(files, p)
		}
		return nil
	})
	v := validator{t: t, schema: schema, cfg: everything(t), kinds: map[string]int{}, told: map[string]bool{}}
	for _, f := range files {
		v.file(f)
	}
	for _, kind := range []string{"alert", "anomaly", "bittorrent_dht", "dcerpc", "dhcp", "dnp3", "dns", "enip", "fileinfo", "flow", "http", "ike", "krb5", "ldap", "modbus", "mqtt", "netflow", "ntp", "pop3", "quic",
		"rfb", "smb", "smtp", "snmp", "ssh", "stats", "tftp", "tls", "websocket"} {
		if v.kinds[kind] == 0 {
			t.Errorf("no %s record was seen", kind)
		}
	}
	t.Logf("captures: %d, records: %v", len(files), v.kinds)
}

// unlisted are members that Suricata writes, and that its schema does not name, as none of its own captures has them: by object, from its
// rust/src/rdp/log.rs, rust/src/ike/logger.rs, rust/src/ldap/logger.rs, rust/src/modbus/log.rs (data is a text where several values are written) and rust/src/pgsql (the
// fields of errors).
var unlisted = map[string][]string{
	"ike": {"alg_prf", "alg_esn", "server_proposals"}, "ldap.request": {"controls"}, "ldap.responses": {"controls"}, "ldap.request.search_request": {"filter"},
	"modbus.request.write": {"quantity", "data", "and_mask", "or_mask"}, "modbus.response.write": {"and_mask", "or_mask"}, "modbus.response": {"mei"},
	"rdp": {"flags", "server_supports", "protocol", "error_code", "reason"},
	"rdp.client": {"keyboard_subtype", "ime", "serial_number", "connection_hint", "physical_width", "physical_height", "desktop_orientation", "scale_factor",
		"device_scale_factor"},
	"pgsql.response": {"detail", "hint", "position", "internal_position", "internal_query", "where", "schema_name", "table_name", "column_name", "data_type",
		"constraint_name", "pid", "channel_name", "payload"},
}

// compileSchema reads the schema, and adds what is missing in it.
func compileSchema(t *testing.T) *jsonschema.Schema {
	f, err := os.Open(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	for path, names := range unlisted {
		at := doc.(map[string]any)
		for _, key := range strings.Split(path, ".") {
			at = at["properties"].(map[string]any)[key].(map[string]any)
			if of, list := at["items"].(map[string]any); list {
				at = of
			}
		}
		for _, n := range names {
			at["properties"].(map[string]any)[n] = map[string]any{}
		}
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("eve.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("eve.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// everything is a configuration that writes all there is to write.
func everything(t testing.TB) Config {
	cfg := DefaultConfig()
	cfg.Workers = 1
	allRecords(&cfg)
	a := &cfg.EVEOptions.Alerts
	a.Payload, a.PayloadPrintable, a.PayloadLength, a.Packet = true, true, true, true
	a.HTTPBody, a.HTTPBodyPrint, a.RuleRaw, a.RuleReference, a.Verdict = true, true, true, true, true
	cfg.EVEOptions.Anomalies.PacketHdr = true
	l := &cfg.Limits
	l.HashMD5, l.HashSHA1, l.HashSHA256, l.JA3, l.JA4 = true, true, true, true, true
	s, err := NewSchema(&cfg.EVEOptions)
	if err != nil {
		t.Fatal(err)
	}
	set, err := ruleset.Load(s, nil, ruleset.Options{Shipped: rules.FS})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Schema, cfg.Program = s, set.Program
	return cfg
}

type validator struct {
	t      *testing.T
	schema *jsonschema.Schema
	cfg    Config
	kinds  map[string]int  // records by type
	told   map[string]bool // what was already complained of
}

func (v *validator) file(name string) {
	src, err := capture.Open([]string{name}, capture.Options{})
	if err != nil {
		return // some are not captures on purpose
	}
	defer src.Close()
	e, eve := run(v.t, v.cfg, src)
	if n := counter(e, "detect.internal_errors"); n > 0 {
		v.t.Errorf("%s: %d internal errors", name, n)
	}
	for line := range strings.Lines(eve) {
		v.record(filepath.Base(name), line)
	}
}

func (v *validator) record(file, line string) {
	rec, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
	if err != nil {
		v.t.Errorf("%s: not JSON: %v\n%s", file, err, line)
		return
	}
	kind, _ := rec.(map[string]any)["event_type"].(string)
	if kind == "luanids" {
		return // counters that Suricata does not have
	}
	v.kinds[kind]++
	err = v.schema.Validate(rec)
	if err == nil || len(v.told) >= maxProblems || v.told[err.Error()] {
		return
	}
	v.told[err.Error()] = true
	v.t.Errorf("%s: %v\n%.600s", file, err, line)
}
