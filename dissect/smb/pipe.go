package smb

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dcerpc"
)

// pipe is an open named pipe that carries calls.
type pipe struct {
	id      fuid
	ifaces  dcerpc.Interfaces
	partial [2][]byte // of a PDU that came in part, by direction
}

// maxPartial is the longest PDU, bytes.
const maxPartial = 64 << 10

// services are the pipes that carry calls for sure; others are recognised by what they carry.
var services = [...]string{"svcctl", "srvsvc", "wkssvc", "atsvc", "lsarpc", "samr", "spoolss", "winreg", "netlogon", "drsuapi", "epmapper", "eventlog"}

func knownService(name []byte) bool {
	for len(name) > 0 && name[0] == '\\' {
		name = name[1:]
	}
	for _, s := range services {
		if sameBytes(name, s) {
			return true
		}
	}
	return false
}

func (p *parser) pipeOf(id fuid) *pipe {
	for _, x := range p.pipes {
		if x.id == id {
			return x
		}
	}
	return nil
}

// isRPC tells whether a pipe carries calls, by its name or by what comes.
func (p *parser) isRPC(id fuid, data []byte) bool {
	if p.pipeOf(id) != nil {
		return true
	}
	name, _ := p.names.get(id)
	if !knownService(name) && !dcerpc.LooksLike(data) {
		return false
	}
	if len(p.pipes) >= maxPipes {
		p.pipes = append(p.pipes[:0], p.pipes[1:]...)
	}
	p.pipes = append(p.pipes, &pipe{id: id})
	return true
}

// toPipe takes what the client wrote to a pipe.
func (p *parser) toPipe(c *dissect.Ctx, h *header, id fuid, data []byte) {
	p.pdus(c, h, id, dissect.ToServer, data)
}

// fromPipe takes what the client read from a pipe.
func (p *parser) fromPipe(c *dissect.Ctx, h *header, id fuid, data []byte) {
	p.pdus(c, h, id, dissect.ToClient, data)
}

// pdus takes the PDUs in the bytes of a pipe.
func (p *parser) pdus(c *dissect.Ctx, h *header, id fuid, dir dissect.Dir, data []byte) {
	x := p.pipeOf(id)
	if x == nil {
		if !p.isRPC(id, data) {
			return
		}
		x = p.pipeOf(id)
	}
	kept := x.partial[dir]
	if len(kept) > 0 {
		if len(kept)+len(data) > maxPartial {
			p.malformed(c, nil)
			kept = kept[:0]
		}
		x.partial[dir] = append(kept, data...)
		data = x.partial[dir]
	}
	n := 0
	for len(data)-n >= dcerpc.HeaderLen {
		head, ok := dcerpc.ParseHeader(data[n:])
		if !ok || head.FragLen < dcerpc.HeaderLen {
			if dir == dissect.ToServer {
				p.malformedRequest(c, h, p.begun)
			} else {
				p.malformed(c, nil)
			}
			n = len(data)
			break
		}
		if head.FragLen > len(data)-n {
			break
		}
		p.pdu(c, h, x, dir, &head, data[n+dcerpc.HeaderLen:n+head.FragLen])
		n += head.FragLen
	}
	x.partial[dir] = append(x.partial[dir][:0], data[n:]...)
}

// pdu adds a PDU to its call.
func (p *parser) pdu(c *dissect.Ctx, h *header, x *pipe, dir dissect.Dir, head *dcerpc.Header, body []byte) {
	if head.Type == dcerpc.Auth3 || head.Type.Response() != (dir == dissect.ToClient) {
		return
	}
	t := p.callTx(x.id, head)
	if t == nil {
		t = p.begin(c, kRPC, h)
		t.fuid, t.fuidLen = x.id, fuidLen(h)
		if name, ok := p.names.get(x.id); ok {
			t.name = append(t.name, name...)
		}
	}
	if !t.call.Take(head, body, &x.ifaces) {
		p.malformed(c, t)
	}
	if dir == dissect.ToServer {
		if t.call.Req.Done && !t.sent {
			p.request(c, t)
		}
		return
	}
	t.setStatus(h)
	if t.call.Res.Done {
		t.answered = true
		p.finish(c, t)
	}
}

// callTx finds the call of a PDU on a pipe.
func (p *parser) callTx(id fuid, head *dcerpc.Header) *Tx {
	for _, t := range p.open {
		if t.kind != kRPC || t.fuid != id || t.call.ID != head.CallID {
			continue
		}
		if head.Type.Response() && !t.call.Res.Done || !head.Type.Response() && t.call.Req.Seen && !t.call.Req.Done {
			return t
		}
	}
	return nil
}
