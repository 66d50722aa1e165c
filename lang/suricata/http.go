package suricata

import (
	"fmt"

	"github.com/luanids/luanids/lang/ir"
)

// checkHTTP refuses what Suricata refuses of the buffers of HTTP.
func (b *builder) checkHTTP() *problem {
	for _, c := range b.chains {
		if c.buf.name == "http.header.raw" && b.dir == 0 && !b.transaction() {
			return &problem{keyword: c.buf.name, off: c.off,
				why: "say whose header is meant: flow:to_server for requests, flow:to_client for responses"}
		}
		for _, it := range c.items {
			lit, ok := it.(*ir.Lit)
			switch {
			case !ok:
			case c.most > 0 && int64(len(lit.Bytes)) > c.most:
				return &problem{keyword: "urilen", why: fmt.Sprintf("a text of %d bytes is not in a URI of at most %d", len(lit.Bytes), c.most)}
			case c.buf.name == "http.method" && len(lit.Bytes) > 0 && (isBlank(lit.Bytes[0]) || isBlank(lit.Bytes[len(lit.Bytes)-1])):
				return &problem{keyword: c.buf.name, off: c.off, why: "a method has no blanks around it"}
			}
		}
	}
	return nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
