package intel

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// load reads feeds given as name and text.
func load(t testing.TB, files ...string) (*DB, []string) {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i := 0; i < len(files); i += 2 {
		p := filepath.Join(dir, files[i])
		if err := os.WriteFile(p, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	db, problems := Load(paths)
	var list []string
	for _, p := range problems {
		list = append(list, strings.TrimPrefix(p.String(), dir+"/"))
	}
	return db, list
}

func none(t testing.TB, problems []string) {
	t.Helper()
	if len(problems) > 0 {
		t.Fatalf("problems: %s", strings.Join(problems, "\n"))
	}
}

// brief tells what a DB knows of a value, as "indicator category severity description".
func brief(db *DB, kind, value string, now int64) string {
	m, ok, known := db.Lookup(kind, value, now)
	if !known {
		return "unknown kind"
	}
	if !ok {
		return "-"
	}
	return strings.TrimSpace(fmt.Sprint(m.Indicator, " ", m.Category, " ", m.Severity, " ", m.Description))
}

func expect(t *testing.T, db *DB, kind, value, want string) {
	t.Helper()
	if got := brief(db, kind, value, 0); got != want {
		t.Errorf("%s %s: got %q, want %q", kind, value, got, want)
	}
}

const pynids = `# as the reference has it
entries:
  - cidr: "185.220.101.0/24"
    category: tor_exit
    severity: MEDIUM
    description: "Known Tor exit relay range"
  - cidr: "198.51.100.1/32"
    category: c2
    severity: HIGH
    description: "Known C2 server"
  - domain: "malware-c2.example"
    category: c2
    severity: HIGH
    description: "Active C2 domain"
  - domain: ".dyndns.org" # leading dot = suffix
    category: dyndns
    severity: MEDIUM
    description: "Dynamic DNS"
  - {url: "http://bad.example:8080/a?b=1#top", severity: critical}
  - {sha256: 275A021BBFB6489E54D471899F7DB9D1663FC695EC2FE2A2C4538AABF651FD0F, category: test}
  - {ja3: e7d705a3286e19ea42f587b344ee6865}
  - {ja4: t13d1516h2_8daaf6152771_b186095e22b6}
  - {ip: "2001:db8::bad"}
  - {domain: münchen.example}
`

func TestYAML(t *testing.T) {
	db, problems := load(t, "bad.yaml", pynids)
	none(t, problems)
	for _, c := range [][3]string{
		{"ip", "185.220.101.77", "185.220.101.0/24 tor_exit medium Known Tor exit relay range"},
		{"ip", "185.220.102.77", "-"},
		{"ip", "198.51.100.1", "198.51.100.1 c2 high Known C2 server"},
		{"ip", "::ffff:198.51.100.1", "198.51.100.1 c2 high Known C2 server"},
		{"ip", "2001:db8::bad", "2001:db8::bad malicious medium"},
		{"domain", "MALWARE-C2.example.", "malware-c2.example c2 high Active C2 domain"},
		{"domain", "www.malware-c2.example", "-"},
		{"domain", "a.b.dyndns.org", ".dyndns.org dyndns medium Dynamic DNS"},
		{"domain", "dyndns.org", ".dyndns.org dyndns medium Dynamic DNS"},
		{"domain", "notdyndns.org", "-"},
		{"domain", "xn--mnchen-3ya.example", "xn--mnchen-3ya.example malicious medium"},
		{"url", "https://user@BAD.example:8080/a?b=1", "bad.example:8080/a?b=1 malicious critical"},
		{"url", "http://bad.example/a?b=1", "-"},
		{"hash", "27:5a:02:1b:bf:b6:48:9e:54:d4:71:89:9f:7d:b9:d1:66:3f:c6:95:ec:2f:e2:a2:c4:53:8a:ab:f6:51:fd:0f",
			"275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f test medium"},
		{"hash", "e7d705a3286e19ea42f587b344ee6865", "-"}, // that is a JA3
		{"ja3", "E7D705A3286E19EA42F587B344EE6865", "e7d705a3286e19ea42f587b344ee6865 malicious medium"},
		{"ja4", "t13d1516h2_8daaf6152771_b186095e22b6", "t13d1516h2_8daaf6152771_b186095e22b6 malicious medium"},
		{"colour", "blue", "unknown kind"},
	} {
		expect(t, db, c[0], c[1], c[2])
	}
	if m, _ := db.IP(netip.MustParseAddr("198.51.100.1"), 0); m.Feed != "bad" {
		t.Errorf("feed %q", m.Feed)
	}
}

func TestYAMLProblems(t *testing.T) {
	db, problems := load(t, "a.yaml", `
entries:
  - {cidr: 10.0.0.0/33}
  - {domain: good.example, sevrity: high}
  - {domain: other.example, severity: hgih}
  - {category: c2}
  - {ip: 192.0.2.1, domain: x.example}
  - {cidr: 0.0.0.0/0}
  - {sha256: abcd}
`, "b.yaml", "entries: [", "c.yaml", "rules: []", "d.yaml", "entries:\n")
	want := []string{
		`a.yaml:3: "10.0.0.0/33" is neither an address nor a CIDR`,
		`a.yaml:4: unknown key sevrity: use cidr,`,
		`a.yaml:5: severity: unknown severity "hgih"`,
		`a.yaml:6: the entry has no value`,
		`a.yaml:7: ip and domain: one entry is one indicator`,
		`a.yaml:8: 0.0.0.0/0 is too wide`,
		`a.yaml:9: "abcd" has 4 hexadecimal digits`,
		`b.yaml: line 1: did not find expected node content`,
		`c.yaml: line 1: unknown key rules`,
	}
	if len(problems) != len(want) {
		t.Fatalf("%d problems, want %d:\n%s", len(problems), len(want), strings.Join(problems, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(problems[i], want[i]) {
			t.Errorf("got  %s\nwant %s", problems[i], want[i])
		}
	}
	expect(t, db, "domain", "good.example", "good.example malicious medium")
}

// TestLargeYAML: a file that is taken apart gives what one that is parsed as a whole gives.
func TestLargeYAML(t *testing.T) {
	var b strings.Builder
	b.WriteString("category: c2\nname: large\nentries:\n")
	for i := range 20_000 {
		fmt.Fprintf(&b, "  - cidr: \"10.%d.%d.0/24\"\n    severity: HIGH\n    description: Entry %d of many, to make it large\n", i/256, i%256, i)
	}
	b.WriteString("  # a comment\n  - domain: 'odd.example' # not simple\n    description: \"with \\\"quotes\\\"\"\n")
	b.WriteString("  - {domain: flow.example}\n\n  - domain: folded.example\n    description: >\n      two\n      lines\n  - domain: bad..example\n")
	db, problems := load(t, "large.yaml", b.String())
	if len(problems) != 1 || !strings.HasSuffix(problems[0], `:60013: "bad..example" is not a domain`) {
		t.Errorf("problems: %q", problems)
	}
	if db.Total() != 20_003 || b.Len() < wholeYAML {
		t.Errorf("%d indicators of %d bytes", db.Total(), b.Len())
	}
	expect(t, db, "ip", "10.3.7.9", "10.3.7.0/24 c2 high Entry 775 of many, to make it large")
	expect(t, db, "domain", "odd.example", `odd.example c2 medium with "quotes"`)
	expect(t, db, "domain", "flow.example", "flow.example c2 medium")
	expect(t, db, "domain", "folded.example", "folded.example c2 medium two lines")
	if m, _ := db.Domain("flow.example", 0); m.Feed != "large" {
		t.Errorf("feed %q", m.Feed)
	}
}

func TestLists(t *testing.T) {
	db, problems := load(t, "mixed.txt", `# Title: things
# category: botnet
# severity: high
192.0.2.1
192.0.2.2:8080   # with a port
192.0.3.0/24
192.0.4.3-192.0.4.6
0.0.0.0 ads.example
127.0.0.1 localhost
||tracker.example^
*.wild.example
hxxp://evil[.]example/x
44d88612fea8a8f36de82e1278abb02f
`, "ja3-list.txt", "6734f37431670b3ab4292b8f60f29984\nother.example\n198.51.100.77\n", "fp.list", "; type: ja3\n4d7a28d6f2263ed61de88ca66eb011e3\n",
		"bad.txt", "good.example\nnot an indicator!\n1.2.3\n")
	if len(problems) != 2 || problems[0] != `bad.txt:2: "not" is no address, CIDR, domain, URL or hash` || !strings.HasPrefix(problems[1], "bad.txt:3: ") {
		t.Errorf("problems: %q", problems)
	}
	for _, c := range [][3]string{
		{"ip", "192.0.2.1", "192.0.2.1 botnet high"},
		{"ip", "192.0.2.2", "192.0.2.2 botnet high with a port"},
		{"ip", "192.0.3.200", "192.0.3.0/24 botnet high"},
		{"domain", "other.example", "other.example malicious medium"},
		{"ip", "198.51.100.77", "198.51.100.77 malicious medium"},
		{"ip", "192.0.4.2", "-"},
		{"ip", "192.0.4.3", "192.0.4.3 botnet high"},
		{"ip", "192.0.4.5", "192.0.4.4/31 botnet high"},
		{"ip", "192.0.4.7", "-"},
		{"ip", "127.0.0.1", "-"},
		{"domain", "ads.example", "ads.example botnet high"},
		{"domain", "x.tracker.example", ".tracker.example botnet high"},
		{"domain", "a.b.wild.example", ".wild.example botnet high"},
		{"url", "http://evil.example/x", "evil.example/x botnet high"},
		{"hash", "44D88612FEA8A8F36DE82E1278ABB02F", "44d88612fea8a8f36de82e1278abb02f botnet high"},
		{"ja3", "6734f37431670b3ab4292b8f60f29984", "6734f37431670b3ab4292b8f60f29984 malicious medium"},
		{"ja3", "4d7a28d6f2263ed61de88ca66eb011e3", "4d7a28d6f2263ed61de88ca66eb011e3 malicious medium"},
	} {
		expect(t, db, c[0], c[1], c[2])
	}
}

func TestCSV(t *testing.T) {
	db, problems := load(t,
		"header.csv", "indicator,type,category,severity,description,expires\n"+
			"203.0.113.7,ip,c2,critical,\"A, with comma\",2030-01-01\n"+
			"6734f37431670b3ab4292b8f60f29984,ja3-fingerprint-md5,trickbot,,,\nevil.example,domain,,worst,,\n",
		// as abuse.ch writes: the header is a comment
		"feodo.csv", "####\n# Feodo\n####\n# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"last_online\",\"malware\"\n"+
			"\"2026-01-01 00:00:00\",\"198.51.100.9\",\"443\",\"online\",\"2026-01-02\",\"Emotet\"\n",
		"sslbl.txt", "# ja3_md5,Firstseen,Lastseen,Listingreason\nb386946a5a44d1ddcc843bc75336dfce,2017-07-14,2019-07-27,Dridex\n",
		"plain.csv", "192.0.2.77,seen scanning\n")
	if len(problems) != 1 || !strings.Contains(problems[0], `header.csv:4: severity: unknown severity "worst"`) {
		t.Errorf("problems: %q", problems)
	}
	for _, c := range [][3]string{
		{"ip", "203.0.113.7", "203.0.113.7 c2 critical A, with comma"},
		{"ja3", "6734f37431670b3ab4292b8f60f29984", "6734f37431670b3ab4292b8f60f29984 trickbot medium"},
		{"domain", "evil.example", "evil.example malicious medium"},
		{"ip", "198.51.100.9", "198.51.100.9 Emotet medium"},
		{"ja3", "b386946a5a44d1ddcc843bc75336dfce", "b386946a5a44d1ddcc843bc75336dfce Dridex medium"},
		{"ip", "192.0.2.77", "192.0.2.77 malicious medium seen scanning"},
	} {
		expect(t, db, c[0], c[1], c[2])
	}
}

func TestMISP(t *testing.T) {
	db, problems := load(t, "export.json", `{"response": [{"Event": {"info": "OSINT report", "threat_level_id": "1", "Tag": [{"name": "tlp:white"}],
 "Attribute": [
  {"type": "ip-dst", "category": "Network activity", "value": "203.0.113.9", "to_ids": true, "Tag": [{"name": "kill-chain:Command-and-Control"}]},
  {"type": "domain|ip", "value": "evil.example|203.0.113.10", "to_ids": true, "comment": "stage two"},
  {"type": "domain", "value": "context.example", "to_ids": false},
  {"type": "domain", "value": "gone.example", "to_ids": true, "deleted": true},
  {"type": "email-subject", "value": "hello", "to_ids": true},
  {"type": "url", "value": "not a url", "to_ids": true},
  {"type": "ip-src|port", "value": "nonsense|80", "to_ids": true}],
 "Object": [{"name": "file", "Attribute": [{"type": "filename|sha1", "category": "Payload delivery", "value": "x.exe|3395856ce81f2b7382dee72602f798b642f14140", "to_ids": true}]}]}}]}`,
		"attributes.json", `{"response": {"Attribute": [{"type": "ja3-fingerprint-md5", "value": "4d7a28d6f2263ed61de88ca66eb011e3", "to_ids": "1", "Event": {"info": "e", "threat_level_id": "3"}}]}}`,
		"event.json", `{"Event": {"info": "one", "Attribute": [{"type": "hostname", "value": "h.example", "to_ids": true}]}}`)
	if len(problems) != 1 || !strings.Contains(problems[0], `export.json: "nonsense" is neither`) {
		t.Errorf("problems: %q", problems)
	}
	for _, c := range [][3]string{
		{"ip", "203.0.113.9", "203.0.113.9 c2 high OSINT report"},
		{"domain", "evil.example", "evil.example malicious high stage two"},
		{"domain", "context.example", "-"},
		{"domain", "gone.example", "-"},
		{"hash", "3395856ce81f2b7382dee72602f798b642f14140", "3395856ce81f2b7382dee72602f798b642f14140 malware high OSINT report"},
		{"ja3", "4d7a28d6f2263ed61de88ca66eb011e3", "4d7a28d6f2263ed61de88ca66eb011e3 malicious low e"},
		{"domain", "h.example", "h.example malicious medium one"},
	} {
		expect(t, db, c[0], c[1], c[2])
	}
}

func TestSTIX(t *testing.T) {
	ind := func(id, pattern, more string) string {
		return fmt.Sprintf(`{"type":"indicator","id":"indicator--%s","name":"n%s","pattern_type":"stix","pattern":%q%s}`, id, id, pattern, more)
	}
	db, problems := load(t, "b.json", `{"type":"bundle","id":"bundle--1","objects":[{"type":"malware","name":"x"},`+strings.Join([]string{
		ind("1", `[ipv4-addr:value = '198.51.100.1'] OR [ipv6-addr:value ISSUBSET '2001:db8:5::/48']`, `,"indicator_types":["malicious-activity"],"confidence":90`),
		ind("2", `[domain-name:value IN ('a.example', 'b.example') OR url:value = 'https://c.example/it\'s']`, ""),
		ind("3", `[file:hashes.'SHA-256' = '275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f' OR file:hashes.MD5 = '44d88612fea8a8f36de82e1278abb02f']`, `,"valid_until":"2026-06-01T00:00:00Z"`),
		ind("4", `[domain-name:value = 'd.example' AND ipv4-addr:value = '1.2.3.4']`, ""),
		ind("5", `[process:name = 'x']`, ""),
		ind("6", `[domain-name:value LIKE '%.e.example']`, ""),
		ind("7", `[domain-name:value = 'revoked.example']`, `,"revoked":true`),
		ind("8", `[domain-name:value = 'f.example'] FOLLOWEDBY [domain-name:value = 'g.example']`, ""),
		ind("9", `[domain-name:value = `, ""),
		ind("10", `([x509-certificate:hashes.'SHA-1' = '3395856ce81f2b7382dee72602f798b642f14140'])`, ""),
	}, ",")+`]}`)
	want := []string{"indicator--4: pattern: with AND no single value", "indicator--5: pattern: process:name cannot be matched",
		"indicator--6: pattern: the operator LIKE is not supported", "indicator--8: pattern: FOLLOWEDBY is not supported", "indicator--9: pattern: expected a text in quotes"}
	if len(problems) != len(want) {
		t.Fatalf("problems: %s", strings.Join(problems, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(problems[i], "b.json: "+want[i]) {
			t.Errorf("got %s, want %s", problems[i], want[i])
		}
	}
	for _, c := range [][3]string{
		{"ip", "198.51.100.1", "198.51.100.1 malicious-activity high n1"},
		{"ip", "2001:db8:5::77", "2001:db8:5::/48 malicious-activity high n1"},
		{"domain", "b.example", "b.example malicious medium n2"},
		{"url", "http://c.example/it's", "c.example/it's malicious medium n2"},
		{"hash", "44d88612fea8a8f36de82e1278abb02f", "44d88612fea8a8f36de82e1278abb02f malicious medium n3"},
		{"hash", "3395856ce81f2b7382dee72602f798b642f14140", "3395856ce81f2b7382dee72602f798b642f14140 malicious medium n10"},
		{"domain", "revoked.example", "-"}, {"domain", "d.example", "-"}, {"domain", "f.example", "-"},
	} {
		expect(t, db, c[0], c[1], c[2])
	}
	before, after := time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC).UnixNano(), time.Date(2026, 6, 1, 0, 0, 1, 0, time.UTC).UnixNano()
	if brief(db, "hash", "44d88612fea8a8f36de82e1278abb02f", before) == "-" || brief(db, "hash", "44d88612fea8a8f36de82e1278abb02f", after) != "-" {
		t.Error("valid_until does not hold")
	}
}

func TestExpiryAndDuplicates(t *testing.T) {
	db, problems := load(t, "e.yaml", `
entries:
  - {ip: 192.0.2.1, severity: low}
  - {ip: 192.0.2.1, severity: critical, description: worse, expires: 2026-01-01}
  - {ip: 192.0.2.1, severity: low, description: again}
  - {cidr: 192.0.2.0/24, severity: info, description: around}
  - {ip: 192.0.2.2, expires: 2026-01-01T12:00:00Z}
  - {cidr: 192.0.0.0/16, severity: high, description: wide}
  - {cidr: 192.0.3.0/24, description: narrow, expires: 2026-01-01}
`)
	none(t, problems)
	day := func(d int) int64 { return time.Date(2026, 1, d, 13, 0, 0, 0, time.UTC).UnixNano() }
	for _, c := range []struct {
		ip   string
		now  int64
		want string
	}{
		{"192.0.2.1", day(1), "192.0.2.1 malicious critical worse"}, // a date lasts to its end
		{"192.0.2.1", day(2), "192.0.2.1 malicious low"},
		{"192.0.2.2", day(1), "192.0.2.0/24 malicious info around"}, // the address has expired, the network has not
		{"192.0.3.3", day(1), "192.0.3.0/24 malicious medium narrow"},
		{"192.0.3.3", day(2), "192.0.0.0/16 malicious high wide"},
		{"192.0.3.3", 0, "192.0.3.0/24 malicious medium narrow"},
	} {
		if got := brief(db, "ip", c.ip, c.now); got != c.want {
			t.Errorf("%s: got %q, want %q", c.ip, got, c.want)
		}
	}
	if db.Duplicates() != 1 || db.Total() != 6 {
		t.Errorf("%d duplicates, %d indicators", db.Duplicates(), db.Total())
	}
}

func TestRequests(t *testing.T) {
	db, problems := load(t, "u.txt", "http://evil.example/x.exe?a=1\nhttps://port.example:8443/\nhttp://plain.example:80\n")
	none(t, problems)
	for _, c := range []struct {
		host, target string
		want         bool
	}{
		{"Evil.Example", "/x.exe?a=1", true},
		{"evil.example:80", "/x.exe?a=1", true},
		{"evil.example", "/x.exe", false},
		{"proxy.example", "http://evil.example/x.exe?a=1", true},
		{"port.example:8443", "/", true},
		{"port.example", "/", false},
		{"plain.example", "/", true},
		{"plain.example", "", true},
		{"", "/", false},
	} {
		if _, ok := db.Request([]byte(c.host), []byte(c.target), 0); ok != c.want {
			t.Errorf("%s %s: %v", c.host, c.target, ok)
		}
	}
}

func TestFilesAndFolders(t *testing.T) {
	dir := t.TempDir()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte("packed.example\n"))
	_ = w.Close()
	for name, data := range map[string][]byte{"a.txt.gz": z.Bytes(), "sub/b.txt": []byte("\xef\xbb\xbfsub.example\r\n"), ".hidden.txt": []byte("hidden.example"),
		"README.md": []byte("not a feed"), "empty.txt": nil} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, problems := Load([]string{dir})
	if len(problems) > 0 || db.Total() != 2 || len(db.Feeds()) != 3 {
		t.Errorf("%v, %d indicators, feeds %+v", problems, db.Total(), db.Feeds())
	}
	expect(t, db, "domain", "packed.example", "packed.example malicious medium")
	expect(t, db, "domain", "sub.example", "sub.example malicious medium")

	for _, c := range [][2]string{
		{filepath.Join(dir, "missing.txt"), "no such file or directory"},
		{t.TempDir(), "no feeds in this folder"},
	} {
		_, problems := Load([]string{c[0]})
		if len(problems) != 1 || !problems[0].Whole || !strings.Contains(problems[0].String(), c[0]+": "+c[1]) {
			t.Errorf("%s: %v", c[0], problems)
		}
	}
	_, list := load(t, "x.json", "{\n\"a\": ]", "y.json", `{"a": 1}`, "z.bin", "\x00\x01")
	if len(list) != 3 || !strings.Contains(list[0], "x.json: line 2: ") || !strings.Contains(list[1], "neither a MISP export") || !strings.Contains(list[2], "not a text file") {
		t.Errorf("problems: %q", list)
	}
}

func TestShipped(t *testing.T) {
	db, problems := Load([]string{"default"})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	expect(t, db, "domain", "abc.oast.fun", ".oast.fun oast high Interactsh call-back: a payload that is being tried out has run")
	expect(t, db, "domain", "expyuzz4wqqyqhjn.onion", ".onion tor low A Tor onion service was asked for outside Tor (RFC 7686)")
	for _, harmless := range []string{"example.org", "oast.example", "onion.example", "notonion", "oast.pro.example"} {
		expect(t, db, "domain", harmless, "-")
	}
	if m5, s1, s2 := db.Digests(); m5 || s1 || s2 {
		t.Error("what ships makes the engine compute digests of all files")
	}
}

func TestDigests(t *testing.T) {
	db, problems := load(t, "a.txt", "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f\n", "b.txt", "# type: ja3\ne7d705a3286e19ea42f587b344ee6865\n")
	none(t, problems)
	if m5, s1, s2 := db.Digests(); m5 || s1 || !s2 {
		t.Errorf("digests: %v %v %v, want SHA-256 alone", m5, s1, s2)
	}
}

func TestConfidence(t *testing.T) {
	for text, want := range map[string]uint8{"0.9": 90, "90": 90, "75%": 75, "1": 100, "high": 85, "Low": 15, "0": 0, "100": 100} {
		db, problems := load(t, "a.yaml", "entries:\n  - {ip: 198.51.100.7, confidence: "+text+"}\n", "b.csv", "ip,confidence_level\n198.51.100.8,"+text+"\n")
		none(t, problems)
		for _, ip := range []string{"198.51.100.7", "198.51.100.8"} {
			if m, ok, _ := db.Lookup("ip", ip, 0); !ok || m.Confidence != want {
				t.Errorf("%s, confidence %s: %d, want %d", ip, text, m.Confidence, want)
			}
		}
	}
	_, problems := load(t, "a.yaml", "entries:\n  - {ip: 198.51.100.7, confidence: sure}\n")
	if len(problems) != 1 || !strings.Contains(problems[0], `a.yaml:2: confidence: "sure" is not a confidence: write 0.9`) {
		t.Errorf("problems: %q", problems)
	}
}

func TestEmptyAndNil(t *testing.T) {
	db, problems := Load(nil)
	var missing *DB
	for _, d := range []*DB{db, missing} {
		for _, kind := range []string{"ip", "domain", "url", "hash", "ja3", "ja4"} {
			if _, ok, _ := d.Lookup(kind, "10.0.0.1", 0); ok {
				t.Errorf("an empty DB knows %s", kind)
			}
		}
	}
	if len(problems) > 0 || db.Total() != 0 {
		t.Errorf("%v", problems)
	}
}
