package enip

import (
	"maps"
	"slices"

	"github.com/luanids/luanids/dissect"
)

// at declares a number of the message at hand: the request of one to the server, the response of one to the client.
func at(name, doc string, get func(p *pdu) (int64, bool)) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TInt, Event: onMessage, Doc: doc, Int: func(e *dissect.Env) (int64, bool) {
		if t, ok := dissect.MessageOf[Tx](e); ok {
			if p := t.side(e.Dir); p != nil {
				return get(p)
			}
		}
		return 0, false
	}}
}

// textAt is at for a text.
func textAt(name, doc string, get func(p *pdu) []byte) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TString, Event: onMessage, Doc: doc, Bytes: func(e *dissect.Env) []byte {
		if t, ok := dissect.MessageOf[Tx](e); ok {
			if p := t.side(e.Dir); p != nil {
				return get(p)
			}
		}
		return nil
	}}
}

// textsAt is at for a list of texts.
func textsAt(name, doc string, get func(p *pdu, i int) ([]byte, bool)) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TString, Event: onMessage, Doc: doc, Multi: true, BytesN: func(e *dissect.Env, i int) ([]byte, bool) {
		if t, ok := dissect.MessageOf[Tx](e); ok {
			if p := t.side(e.Dir); p != nil {
				return get(p, i)
			}
		}
		return nil, false
	}}
}

// said declares a number of what a device says of itself.
func said(name, doc string, get func(id *identity) int64) dissect.Field {
	return dissect.Int(name, onMessage, doc, func(t *Tx) (int64, bool) {
		if !t.response.identified() {
			return 0, false
		}
		return get(&t.response.identity), true
	})
}

// called declares a text that a table has for what a device says of itself.
func called(name, doc string, get func(id *identity) []byte) dissect.Field {
	return dissect.Str(name, onMessage, doc, func(t *Tx) []byte {
		if !t.response.identified() {
			return nil
		}
		return get(&t.response.identity)
	})
}

// asked declares the values of segments of the request's paths; with lists those in lists of attributes are among them.
func asked(name, doc string, kind uint8, lists bool) dissect.Field {
	return dissect.Ints(name, onMessage, doc, func(t *Tx, i int) (int64, bool) {
		v, n, ok := t.request.segment(kind, i)
		if a := t.request.attributes; !ok && lists && i-n < len(a) {
			return int64(a[i-n]), true
		}
		return int64(v), ok
	})
}

// cursor is a place among the segments of paths: n of a kind are before at.
type cursor struct {
	kind  uint8
	n, at int
}

// segment gives the value of the i-th segment of a kind, or the number of them. It goes on where it was asked last: rules ask for one after the other.
func (p *pdu) segment(kind uint8, i int) (value uint32, n int, ok bool) {
	c := &p.asked
	if c.kind != kind || i < c.n {
		*c = cursor{kind: kind}
	}
	for ; c.at < len(p.segments); c.at++ {
		if g := &p.segments[c.at]; g.kind>>2 == kind {
			if c.n == i {
				return g.value, 0, true
			}
			c.n++
		}
	}
	return 0, c.n, false
}

// present is a value that is there, also if it is empty.
func present(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func names(m map[string]int64) []string { return slices.Sorted(maps.Keys(m)) }

func fields() []dissect.Field {
	return slices.Concat(headerFields(), deviceFields(), cipFields())
}

func headerFields() []dissect.Field {
	return []dissect.Field{
		at("enip.command", "command of the message: 99 ListIdentity, 101 RegisterSession, 111 SendRRData, 112 SendUnitData", func(p *pdu) (int64, bool) { return int64(p.command), true }).Bits(16),
		textAt("enip.command_name", "name of the command; absent for one that has none", func(p *pdu) []byte { return dissect.Text(commands[uint32(p.command)]) }).OneOf(names(CommandNames)...),
		at("enip.status", "status of the message, 0 for success; 0 in requests", func(p *pdu) (int64, bool) { return int64(p.status), true }).Bits(32),
		textAt("enip.status_name", "name of the status; absent for one that has none", func(p *pdu) []byte { return dissect.Text(statuses[p.status]) }).OneOf(names(StatusNames)...),
		at("enip.session", "number of the session", func(p *pdu) (int64, bool) { return int64(p.session), true }).Bits(32),
		at("enip.options", "options of the header, 0 by the standard", func(p *pdu) (int64, bool) { return int64(p.options), true }).Bits(32),
		textAt("enip.context", "context of the sender, 8 bytes that come back in the response", func(p *pdu) []byte { return p.context[:] }).Of(dissect.TBytes),
		at("enip.protocol_version", "version of the protocol, in RegisterSession and in responses to ListServices and ListIdentity", (*pdu).protocolVersion),
	}
}

func (p *pdu) protocolVersion() (int64, bool) {
	switch {
	case p.payload == payloadRegister:
		return int64(p.version), true
	case p.offers():
		return int64(p.services.version), true
	case p.identified():
		return int64(p.identity.version), true
	}
	return 0, false
}

func deviceFields() []dissect.Field {
	return []dissect.Field{
		dissect.Int("enip.capabilities", onMessage, "capabilities of a service, in the response to ListServices: bit 5 TCP, bit 8 I/O over UDP", func(t *Tx) (int64, bool) {
			return int64(t.response.services.capabilities), t.response.offers()
		}),
		dissect.Str("enip.service_name", onMessage, "name of a service, in the response to ListServices: 16 bytes, NULs at the end", func(t *Tx) []byte {
			if !t.response.offers() {
				return nil
			}
			return present(t.response.at(t.response.services.name))
		}),
		said("enip.vendor_id", "manufacturer of a device, in the response to ListIdentity, as ODVA numbers them", func(id *identity) int64 { return int64(id.vendor) }).Bits(16),
		called("enip.vendor", "name of the manufacturer; absent for one that is not known", func(id *identity) []byte { return dissect.Text(vendors()[uint32(id.vendor)]) }),
		said("enip.device_type", "type of a device: 14 a programmable controller", func(id *identity) int64 { return int64(id.device) }).Bits(16),
		called("enip.device", "name of the type of a device; absent for one that is not known", func(id *identity) []byte { return dissect.Text(deviceTypes[uint32(id.device)]) }),
		said("enip.product_code", "code of the product, by its manufacturer", func(id *identity) int64 { return int64(id.product) }).Bits(16),
		dissect.Str("enip.product_name", onMessage, "name of the product: 1756-ENBT/A", func(t *Tx) []byte {
			if !t.response.identified() {
				return nil
			}
			return present(t.response.at(t.response.identity.name))
		}),
		said("enip.revision", "revision of the product: 0x0403 is 4.3", func(id *identity) int64 { return int64(id.revision) }),
		said("enip.identity_status", "status of a device: bit 0 owned, bit 2 configured, bits 8 to 11 faults", func(id *identity) int64 { return int64(id.status) }),
		said("enip.serial", "serial number of a device", func(id *identity) int64 { return int64(id.serial) }).Bits(32),
		said("enip.state", "state of a device: 3 operational, 4 and 5 faults, 255 not told", func(id *identity) int64 { return int64(id.state) }).Bits(8),
	}
}

func cipFields() []dissect.Field {
	service := at("enip.cip_service", "services of the CIP messages, those in a Multiple Service Packet (10) or an Unconnected Send (82) among them: 14 Get Attribute Single, 77 Write Tag", nil)
	service.Multi, service.Int = true, nil
	service.IntN = func(e *dissect.Env, i int) (int64, bool) {
		if t, ok := dissect.MessageOf[Tx](e); ok {
			if p := t.side(e.Dir); p != nil && i < len(p.messages) {
				return int64(p.messages[i].service), true
			}
		}
		return 0, false
	}
	return []dissect.Field{
		service,
		textsAt("enip.cip_service_name", "names of the services, empty for one that has none", func(p *pdu, i int) ([]byte, bool) {
			if i >= len(p.messages) {
				return nil, false
			}
			return present(dissect.Text(services[uint32(p.messages[i].service)])), true
		}),
		textsAt("enip.cip_call", "what the requests of a message ask for, as service,class and service,class,attribute: 14,1 and 14,1,7", (*pdu).call),
		asked("enip.cip_class", "classes in the paths of the transaction's request: 1 identity, 6 connection manager", segClass, false),
		asked("enip.cip_instance", "instances in the paths of the transaction's request", segInstance, false),
		asked("enip.cip_attribute", "attributes that the transaction's request names, in paths and in lists", segAttribute, true),
		dissect.Strs("enip.cip_symbol", onMessage, "names in the paths of the transaction's request: tags of a controller", func(t *Tx, i int) ([]byte, bool) {
			if p := &t.request; i < len(p.symbols) {
				return p.at(p.symbols[i]), true
			}
			return nil, false
		}),
		dissect.Ints("enip.cip_status", onMessage, "statuses of the CIP messages in the response, 0 for success", func(t *Tx, i int) (int64, bool) {
			p := &t.response
			for j := range p.messages {
				if !p.messages[j].response {
					continue
				}
				if i == 0 {
					return int64(p.messages[j].status), true
				}
				i--
			}
			return 0, false
		}),
		dissect.Ints("enip.cip_extendedstatus", onMessage, "first numbers that statuses in the response add, of those that add any: 0x0204 the request timed out", func(t *Tx, i int) (int64, bool) {
			p := &t.response
			for j := range p.messages {
				x := p.at(p.messages[j].extended)
				if len(x) == 0 {
					continue
				}
				if i == 0 {
					return int64(le16(x)), true
				}
				i--
			}
			return 0, false
		}),
	}
}
