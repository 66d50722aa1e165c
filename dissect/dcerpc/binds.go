package dcerpc

import "slices"

// maxInterfaces is how many interfaces of one connection are remembered; later ones replace the oldest.
const maxInterfaces = 256

// Interface is a presentation context that the client asked for (C706 section 12.6.3.1).
type Interface struct {
	uuid     uuidText
	Context  uint16
	Major    uint16
	Minor    uint16
	Acked    bool   // the server answered
	Result   uint16 // 0: accepted
	Reason   uint16
	call     uint32 // of the bind
	position uint16 // in its bind
}

// UUID is the interface's name in text: 367abb81-9844-35f1-ad32-98f038001003.
func (i *Interface) UUID() []byte { return i.uuid[:] }

// accepted tells whether calls can be made on it.
func (i *Interface) accepted() bool { return i.Acked && i.Result == 0 }

// Interfaces are those of one connection, or of one named pipe.
type Interfaces struct{ list []Interface }

// Reset forgets all.
func (n *Interfaces) Reset() { n.list = n.list[:0] }

// contextItem is the least length of a context item: with one transfer syntax it has 44 bytes.
const contextItem = 24

// bind reads the body of a bind or alter-context; ok is false where it is cut.
func (n *Interfaces) bind(h *Header, body []byte) (ok bool) {
	if len(body) < 12 {
		return false
	}
	items, at := int(body[8]), 12
	for i := range items {
		if len(body)-at < contextItem {
			return false
		}
		b := body[at:]
		n.add(Interface{
			uuid: textOf(b[4:20], h.Little), Context: h.u16(b), Major: h.u16(b[20:]), Minor: h.u16(b[22:]),
			call: h.CallID, position: uint16(i),
		})
		at += contextItem + 20*int(b[2]) // each transfer syntax is a UUID and a version
	}
	return true
}

// add keeps an interface; one with the same context number takes the place of the earlier.
func (n *Interfaces) add(x Interface) {
	for i := range n.list {
		if n.list[i].Context == x.Context {
			n.list[i] = x
			return
		}
	}
	if len(n.list) >= maxInterfaces {
		n.list = slices.Delete(n.list, 0, 1)
	}
	n.list = append(n.list, x)
}

// acknowledge reads the body of an answer to a bind (C706 section 12.6.4.4).
func (n *Interfaces) acknowledge(h *Header, body []byte) (ok bool) {
	if len(body) < 10 {
		return false
	}
	at := 10 + int(h.u16(body[8:])) // behind the secondary address
	at = (at + 3) &^ 3
	if len(body)-at < 4 {
		return false
	}
	results := int(body[at])
	at += 4
	for i := range results {
		if len(body)-at < 24 {
			return false
		}
		for j := range n.list {
			if x := &n.list[j]; x.call == h.CallID && int(x.position) == i {
				x.Acked, x.Result, x.Reason = true, h.u16(body[at:]), h.u16(body[at+2:])
			}
		}
		at += 24
	}
	return true
}

// refuse notes that all interfaces of a bind were refused.
func (n *Interfaces) refuse(call uint32) {
	for i := range n.list {
		if n.list[i].call == call {
			n.list[i].Acked, n.list[i].Result = true, 2 // provider rejection
		}
	}
}

// of finds the interface of a call's context, nil for none.
func (n *Interfaces) of(context uint16) *Interface {
	for i := range n.list {
		if n.list[i].Context == context {
			return &n.list[i]
		}
	}
	return nil
}
