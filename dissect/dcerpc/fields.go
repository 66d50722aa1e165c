package dcerpc

import "github.com/luanids/luanids/dissect"

// fields declares those of DCERPC by itself; package smb declares the same below smb.dcerpc.
func fields() []dissect.Field {
	return append(Fields("dcerpc.", request, txEvent, func(t *Tx) *Call { return &t.Call }),
		dissect.Bool("dcerpc.datagram", request, "the call came over UDP", func(t *Tx) bool { return t.udp }))
}

// Fields declares the fields of the calls that messages of type T carry. Their names begin with prefix; request and done are the events
// at which the request, and the answer, are known. get gives a message's call, nil for one that has none.
func Fields[T any](prefix, request, done string, get func(*T) *Call) []dissect.Field {
	side := func(t *T, req bool) *Side {
		switch c := get(t); {
		case c == nil:
			return nil
		case req:
			return &c.Req
		default:
			return &c.Res
		}
	}
	kind := func(req bool) func(t *T) []byte {
		return func(t *T) []byte {
			if s := side(t, req); s != nil && s.Seen {
				return dissect.Text(s.Type.String())
			}
			return nil
		}
	}
	stub := func(req bool, want Type) func(t *T) []byte {
		return func(t *T) []byte {
			if s := side(t, req); s != nil && s.Seen && s.Type == want && len(s.Stub) > 0 {
				return s.Stub
			}
			return nil
		}
	}
	iface := func(t *T) *Interface {
		if c := get(t); c != nil {
			return c.Interface()
		}
		return nil
	}
	number := func(name, doc string, of func(c *Call) int64) dissect.Field {
		return dissect.Int(prefix+name, request, doc, func(t *T) (int64, bool) {
			if c := get(t); c != nil && c.Req.Seen && c.Req.Type == Request {
				return of(c), true
			}
			return 0, false
		})
	}
	return []dissect.Field{
		dissect.Str(prefix+"request.type", request, "what the client sent: REQUEST, BIND, ALTER_CONTEXT", kind(true)),
		dissect.Str(prefix+"response.type", done, "what the server answered: RESPONSE, FAULT, BINDACK, BINDNAK, ALTER_CONTEXT_RESP; absent without an answer", kind(false)),
		dissect.Int(prefix+"call_id", request, "number of the call within its connection", func(t *T) (int64, bool) {
			if c := get(t); c != nil {
				return int64(c.ID), true
			}
			return 0, false
		}),
		number("opnum", "number of the procedure that a request calls", func(c *Call) int64 { return int64(c.Opnum) }),
		dissect.Str(prefix+"iface", request, "UUID of the interface that a request calls, where the server accepted it: 367abb81-9844-35f1-ad32-98f038001003", func(t *T) []byte {
			if i := iface(t); i != nil {
				return i.UUID()
			}
			return nil
		}),
		dissect.Int(prefix+"iface.version", request, "major version of the interface that a request calls", func(t *T) (int64, bool) {
			if i := iface(t); i != nil {
				return int64(i.Major), true
			}
			return 0, false
		}),
		dissect.Str(prefix+"service", request, "name of the interface that a request calls, where it is well known: svcctl, samr, drsuapi", func(t *T) []byte {
			if i := iface(t); i != nil {
				return dissect.Text(i.Service())
			}
			return nil
		}),
		dissect.Strs(prefix+"bind.iface", request, "UUIDs of the interfaces that a bind asks for", func(t *T, n int) ([]byte, bool) {
			if c := get(t); c != nil {
				if i := c.Asked(n); i != nil {
					return i.UUID(), true
				}
			}
			return nil, false
		}),
		dissect.Bin(prefix+"stub_data", request, "arguments of a request as they are transmitted, fragments joined (up to 128 KiB)", stub(true, Request)),
		dissect.Bin(prefix+"response.stub_data", done, "results of a call as they are transmitted, fragments joined (up to 128 KiB); over TCP with the eight bytes before them, as in Suricata", stub(false, Response)),
		number("request.fragments", "fragments that the request came in", func(c *Call) int64 { return int64(c.Req.Frags) }),
		number("request.size", "size of the arguments, bytes", func(c *Call) int64 { return int64(c.Req.Size) }).Of(dissect.TSize),
	}
}
