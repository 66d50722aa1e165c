package suricata

import (
	"fmt"
	"strconv"
	"strings"
)

// rpcCall asks for a call of ONC RPC (RFC 5531 section 9): rpc:100003,3,*; the numbers of program, version and procedure, of which an
// asterisk stands for any of the last two. It becomes contents of the payload, which begins with a call, over TCP behind a record mark.
func rpcCall(b *builder, v string) *problem {
	at := 4 // behind the number of the call
	switch strings.ToLower(b.h.proto) {
	case "udp":
	case "tcp", "tcp-pkt", "tcp-stream":
		at += 4
	default:
		return fail("it wants a header of udp or tcp: where a call begins in the payload depends on that")
	}
	parts := list(v)
	if len(parts) > 3 {
		return fail("%q: there are program, version and procedure only", v)
	}
	bytes := "00000000 00000002"
	ends := true // the next number follows what bytes has
	for i, p := range parts {
		if p == "*" && i > 0 {
			ends = false
			continue
		}
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return fail("%q is no number of a program, version or procedure: rpc:100003,3,*", p)
		}
		if !ends { // any version
			b.payloadAt(bytes, at)
			bytes, at, ends = "", at+16, true
		}
		bytes += fmt.Sprintf(" %08x", n)
	}
	return b.payloadAt(bytes, at)
}

// payloadAt asks for bytes in hex at a place in the payload.
func (b *builder) payloadAt(hex string, at int) *problem {
	sticky, side, last := b.sticky, b.side, b.last
	b.setSticky(nil)
	err := content(b, `"|`+hex+`|"`)
	if err == nil {
		err = offset(b, strconv.Itoa(at))
	}
	if err == nil {
		err = depth(b, strconv.Itoa(len(strings.ReplaceAll(hex, " ", ""))/2))
	}
	b.setSticky(sticky)
	b.side, b.last = side, last
	return err
}
