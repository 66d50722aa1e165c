package http2

import (
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"github.com/luanids/luanids/dissect"
)

// TestRareMembers wants what frames tell besides header fields: a table that is resized, the first weight and error and that there were more.
func TestRareMembers(t *testing.T) {
	c, s := client(), server()
	weight := func(n uint8) { _ = c.WritePriority(1, http2.PriorityParam{Weight: n}) }
	c.enc.SetMaxDynamicTableSize(128)
	c.get(1, "/")
	weight(9)
	weight(8)
	s.headers(1, false, ":status", "200")
	_ = s.WriteRSTStream(1, http2.ErrCodeCancel)
	_ = s.WriteRSTStream(1, http2.ErrCodeInternal)
	r := recorder()
	r.Data(toServer, c.sent()).Data(toClient, s.sent())
	r.End(dissect.EndFIN)
	got := strings.Join(r.Records, "\n")
	for _, want := range []string{`"request_headers":[{"table_size_update":128},{"name":":method","value":"GET"}`, `"priority":9,"has_multiple":"priority"`,
		`"error_code":"CANCEL"`} {
		if !strings.Contains(got, want) {
			t.Errorf("records\n%s\nhave no %s", got, want)
		}
	}
}
