package suricata

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/lang/ir"
)

func TestThresholdConfig(t *testing.T) {
	schema := testSchema(t)
	conf, skipped := ReadThresholds(schema, "threshold.config", []byte(`
# comment
suppress gen_id 1, sig_id 1
suppress gen_id 1, sig_id 2, track by_src, ip [10.0.0.0/8,!10.1.0.0/16]
suppress gen_id 0, sig_id 0, track by_either, ip $HOME_NET
threshold gen_id 1, sig_id 3, type limit, track by_rule, \
  count 3, seconds 1000
rate_filter gen_id 1, sig_id 3, track by_src, count 10, seconds 60, new_action drop, timeout 300
suppress gen_id 1
`), Options{})
	if len(skipped) != 1 || skipped[0].Pos.Line != 9 {
		t.Errorf("skipped %v, want line 9", skipped)
	}
	if len(conf.RateFilters) != 1 || conf.RateFilters[0].Filter.Action != ir.Drop || conf.RateFilters[0].Filter.Timeout != 300*time.Second {
		t.Errorf("rate filters: %+v", conf.RateFilters)
	}
	rules, _ := Load(schema, "x", []byte(`alert udp any any -> any any (sid:1;)
alert udp any any -> any any (flowbits:set,a; sid:2;)
alert udp any any -> any any (threshold:type both,track by_src,count 1,seconds 1; sid:3;)`), Options{})
	before := dumpRule(rules[1])
	var got []string
	for _, r := range conf.Apply(rules) {
		got = append(got, r.ID+": "+dumpRule(r))
	}
	want := `1: once a direction: udp noalert
2: once a direction: udp and not (src.ip in ips2 or (src.ip in HOME_NET or dst.ip in HOME_NET)) ! set bit a
2.suppressed: once a direction: udp and (src.ip in ips2 or (src.ip in HOME_NET or dst.ip in HOME_NET)) ! set bit a noalert
3: once a direction: udp and not (src.ip in HOME_NET or dst.ip in HOME_NET) # limit 3 in 16m40s by `
	if applied := conf.Apply(rules); len(applied[3].RateFilters) != 1 || len(applied[0].RateFilters)+len(rules[2].RateFilters) != 0 {
		t.Errorf("rate filters: %+v", applied[3].RateFilters)
	}
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if dumpRule(rules[1]) != before {
		t.Error("Apply changed a rule")
	}
}

func TestReputation(t *testing.T) {
	table := &ir.RepTable{Name: "bad", Lookup: func(netip.Addr) (int64, bool) { return 0, false }}
	opt := Options{Reputation: func(category string) *ir.RepTable {
		if category == "bad" {
			return table
		}
		return nil
	}}
	for _, c := range []struct{ rule, want string }{
		{`alert ip any any -> any any (iprep:any,bad,>,60; sid:1;)`, `once a direction: ip and (rep(bad, src.ip)>60 or rep(bad, dst.ip)>60)`},
		{`alert ip any any -> any any (iprep:both,bad,!=,1; sid:1;)`, `once a direction: ip and ((exists(rep(bad, src.ip)) and rep(bad, src.ip)!=1) and (exists(rep(bad, dst.ip)) and rep(bad, dst.ip)!=1))`},
		{`alert ip any any -> any any (iprep:dst,bad,isnotset; sid:1;)`, `once a direction: ip and not exists(rep(bad, dst.ip))`},
		{`alert ip any any -> any any (iprep:dst,good,isset; sid:1;)`, ``},
	} {
		rules, skipped := load(t, c.rule, opt)
		if c.want == "" && len(rules) == 0 && len(skipped) == 1 {
			continue
		}
		if len(rules) != 1 || dumpRule(rules[0]) != c.want {
			t.Errorf("%s: %v, skipped %v", c.rule, rules, skipped)
		}
	}
}

func TestAddressRanges(t *testing.T) {
	l := newLoader(testSchema(t), "x", Options{Vars: map[string]string{"A": "10.0.0.0/24,!10.0.0.9", "B": "[!$A]"}})
	for _, c := range []struct {
		list    string
		in, out string
	}{
		{"1.2.3.4-1.2.3.9", "1.2.3.4 1.2.3.9 1.2.3.6", "1.2.3.3 1.2.3.10"},
		{"0.0.0.0-255.255.255.255", "1.2.3.4 255.255.255.255", "::1"},
		{"192.168.0.0/255.255.0.0", "192.168.9.9", "192.169.0.0"},
		{"$A", "10.0.0.8", "10.0.0.9 10.0.1.0"},
		{"!$A", "10.0.1.0 ::1", "10.0.0.8"},
		{"!$B", "10.0.0.8", "10.0.0.9 10.0.1.0"},
		{"[any,![10.0.0.0/8,fe80::/10]]", "::1 11.0.0.1", "10.9.9.9 fe80::1"},
	} {
		a := l.addrList(c.list)
		if a.err != nil {
			t.Errorf("%s: %s", c.list, a.err.why)
			continue
		}
		for want, addrs := range map[bool]string{true: c.in, false: c.out} {
			for _, addr := range strings.Fields(addrs) {
				if got := a.set.Has(netip.MustParseAddr(addr)) != a.except; got != want {
					t.Errorf("%s: %s is in it: %v, want %v", c.list, addr, got, want)
				}
			}
		}
	}
}
