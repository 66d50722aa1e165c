package pgsql

import (
	"encoding/binary"

	"github.com/luanids/luanids/dissect"
)

// asked are the ways of authentication by number, with what the client is to send then (section 53.7, Authentication...).
var asked = map[uint32]struct {
	name string
	ask  kind
	done bool // the transaction is over: the client is next
}{
	0: {"authentication_ok", kNone, false}, 2: {"authentication_kerberos_v5", kPassword, true}, 3: {"authentication_cleartext_password", kPassword, true},
	5: {"", kPassword, true}, 6: {"authentication_scm_credential", kPassword, true}, 7: {"authentication_gss", kGSSNext, true},
	8: {"authentication_gss_continue", kGSSNext, true}, 9: {"authentication_sspi", kGSSNext, true}, 10: {"authentication_sasl", kSASL, true},
	11: {"authentication_sasl_continue", kSASLNext, true}, 12: {"", kSASLNext, true},
}

// response takes a message of the server; n is its length, of which b may be the beginning.
func (p *parser) response(c *dissect.Ctx, typ byte, b []byte, n int) {
	t := p.first()
	if t == nil {
		switch typ {
		case 'A', 'N', 'S', 'Z': // of its own accord, or behind what was answered
			return
		}
		if t = p.begin(c, kNone); typ == 'E' { // the server gives up
			defer p.finish(c, t)
		}
	}
	t.answered = true
	switch typ {
	case 'R':
		p.authentication(c, t, b)
	case 'Z', 'E':
		p.over(c, t, typ, b)
	case 'S':
		t.status = t.addParams(t.status, b)
	case 'K':
		if len(b) >= 8 {
			t.bPid, t.hasKey = binary.BigEndian.Uint32(b), true
			t.bKey = t.keep(b[4:])
		}
	case 'N':
		t.addFields(b, false)
	case 'T', 'D':
		t.row(typ, b, n)
	case 'C':
		name, _, _ := cstring(b)
		t.command = t.keep(name)
	case 'd':
		t.out.messages++
		t.out.bytes += uint64(n)
	case 'G', 'H', 'W':
		p.copying(c, t, typ, b)
	case 'A':
		if len(b) >= 4 {
			t.notified, t.notifier = true, binary.BigEndian.Uint32(b)
			channel, rest, _ := cstring(b[4:])
			payload, _, _ := cstring(rest)
			t.channel, t.payload = t.keep(channel), t.keep(payload)
		}
	case '1', '2', '3', 'I', 'V', 'c', 'n', 's', 't', 'v':
	default:
		p.bad(c, dissect.ToClient, anResponse)
	}
}

// row takes the description of a result, or a row of it, of which the lengths of its values follow from its own, and their number.
func (t *Tx) row(typ byte, b []byte, n int) {
	if len(b) < 2 {
		return
	}
	columns := int(binary.BigEndian.Uint16(b))
	if typ == 'T' {
		t.fields = columns
		return
	}
	t.rows++
	t.rowBytes += uint64(max(n-2-4*columns, 0))
}

// authentication takes a message about authentication.
func (p *parser) authentication(c *dissect.Ctx, t *Tx, b []byte) {
	if len(b) < 4 {
		p.bad(c, dissect.ToClient, anResponse)
		return
	}
	code := binary.BigEndian.Uint32(b)
	a, known := asked[code]
	if !known {
		p.bad(c, dissect.ToClient, anResponse)
		return
	}
	switch code {
	case 5:
		t.salt = t.keep(b[4:])
	case 12:
		t.final = t.keep(b[4:])
	default:
		t.message = a.name
	}
	p.ask = a.ask
	if a.done && code != 12 { // behind the last of SASL follows that all is well
		p.finish(c, t)
	}
}

// over takes what ends an answer.
func (p *parser) over(c *dissect.Ctx, t *Tx, typ byte, b []byte) {
	if typ == 'E' {
		t.addFields(b, true)
		switch t.kind {
		case kNone, kQuery, kExtended, kCopy: // ReadyForQuery follows
		default:
			p.finish(c, t)
		}
		return
	}
	p.finish(c, t)
}

// copying takes the beginning of a COPY.
func (p *parser) copying(c *dissect.Ctx, t *Tx, typ byte, b []byte) {
	columns := 0
	if len(b) >= 3 {
		columns = int(binary.BigEndian.Uint16(b[1:]))
	}
	if typ == 'H' {
		t.copyOut = columns
		return
	}
	t.copyIn, p.copyOn = columns, true
	if typ == 'G' { // what the client sends is a transaction of its own
		p.finish(c, t)
	}
}
