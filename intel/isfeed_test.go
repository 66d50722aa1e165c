package intel

import "testing"

func TestIsFeed(t *testing.T) {
	for _, c := range []struct {
		path, head string
		want       bool
	}{
		{"a/ips.yaml", "# mine\nname: x\nentries:\n  - {ip: 203.0.113.7}\n", true},
		{"a/rules.yaml", "rules:\n  - id: X\n", false},
		{"luanids.yaml", "intel:\n  feeds: [a]\n", false},
		{"x.txt", "# category: c2\n203.0.113.7\nevil.example\n", true},
		{"notes.txt", "Call me later, will you?\nIt is about that\n", false},
		{"README.txt", "", false},
		{"hosts.csv", "ip,comment\n203.0.113.7,x\n", true},
		{"abuse.csv", "# \"first_seen\",\"ioc_value\",\"ioc_type\"\n", true},
		{"people.csv", "name,age\nann,7\n", false},
		{"bundle.json", `{"type": "bundle", "objects": []}`, true},
		{"package.json", `{"name": "x"}`, false},
		{"big.netset", "203.0.113.0/24\n", true},
		{"list.txt.gz", "\x1f\x8b", true},
		{"x.pcap", "", false},
	} {
		if got := IsFeed(c.path, []byte(c.head)); got != c.want {
			t.Errorf("%s: %v", c.path, got)
		}
	}
}
