package eve

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/lang/ir"
)

func TestReferences(t *testing.T) {
	o := DefaultOptions()
	for _, tt := range []struct{ kind, value, want string }{
		{"url", "github.com/a", "https://github.com/a"},
		{"url", "http://old.example/a", "http://old.example/a"},
		{"CVE", "2014-0160", "https://cve.mitre.org/cgi-bin/cvename.cgi?name=2014-0160"},
		{"someone", "a-1", "a-1"},
	} {
		if got := o.reference(ir.KV{Key: tt.kind, Value: tt.value}); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.kind, tt.value, got, tt.want)
		}
	}
	refs, err := ReadReferences("ours", strings.NewReader("# ours\nconfig reference: Ticket https://tickets.example/\n"))
	if err != nil || refs["ticket"] != "https://tickets.example/" {
		t.Errorf("%v %v", refs, err)
	}
	if _, err := ReadReferences("ours", strings.NewReader("\nconfig reference: ticket")); err == nil || !strings.Contains(err.Error(), "ours:2: ") {
		t.Errorf("error %v", err)
	}
}
