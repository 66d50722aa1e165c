package syntax

import (
	"testing"

	"github.com/luanids/luanids/lang/diag"
)

var start = diag.Pos{Line: 1, Col: 1}

const example = `# web.nids
let HOME = {10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16}     # --var HOME=... overrides
let WEB  = {80, 8080, 8000..8010}
list scanners from "lists/scanner_agents.txt"               # reloaded when the file changes

rule SIG-EXP-001 "SQL injection in HTTP URI" {
  when       dst.port in WEB and http.uri ~ /union\s+(all\s+)?select/i
  severity   critical
  confidence 0.88
  mitre      T1190
  tags       sqli, webapp, initial_access
  threshold  3 in 60s by src.ip
  evidence   http.method, http.host, http.uri
}

rule BIN-7 "Option overflow in a hypothetical protocol" {
  when  tcp and dst.port == 7777 and established and to_server
        and payload has ["HELO" nocase at 0, x"00 ff" within 32, !"END" within 8,
                         u16be +2 > 512, /[A-Z]{4}\d+/ within 64]
  set   flow.flag("bin7.helo")
}

sequence SEQ-SSH-1 "Password guessing that succeeded" by src.ip, dst.ip within 10m {
  a: 10 of ssh.auth.failure
  b: ssh.auth.success
  severity critical   mitre T1110
}

test SIG-EXP-001 {                                          # run by luanids test
  pcap "../testdata/sqli.pcap"                    alerts 3
  http.request { uri "/?id=1 union select 1" }    alerts 0  # below the threshold
}
`

func TestExampleOfTheDesign(t *testing.T) {
	f, l := Parse(example, start)
	for _, d := range l {
		t.Errorf("%d:%d: %s", d.Range.Start.Line, d.Range.Start.Col, d.Summary)
	}
	if len(f.Decls) != 7 || len(f.Comments) != 5 {
		t.Fatalf("%d declarations and %d comments, want 7 and 5", len(f.Decls), len(f.Comments))
	}
	r := f.Decls[3].(*Rule)
	if r.ID.Text != "SIG-EXP-001" || r.Title.Str != "SQL injection in HTTP URI" || len(r.Body) != 7 {
		t.Errorf("rule %q %q with %d statements", r.ID.Text, r.Title.Str, len(r.Body))
	}
	if got := r.Range(); got.Start.Line != 6 || got.End.Line != 14 || got.End.Col != 2 {
		t.Errorf("the rule stands at %+v", got)
	}
}
