package smb

import "github.com/luanids/luanids/dissect"

// maxGrowing is how many frames of a direction may be under way: the packet of NetBIOS and a command of it.
const maxGrowing = 2

// growing is a whole of a header and a body, of which more is to come.
type growing struct {
	kind        int // of the whole, those of header and body follow
	head, total int // lengths, bytes
	piece       dissect.Piece
}

// frames shows the packet of NetBIOS that data begins with, of n bytes.
func (p *parser) frames(c *dissect.Ctx, d *direction, data []byte, n int) {
	d.show(c, frNBSS, data, nbHeader, nbHeader+n)
}

// frames2 shows a command of SMB 2.
func (p *parser) frames2(c *dissect.Ctx, d *direction, data []byte, total int) {
	d.show(c, frSMB2, data, header2, total)
}

// frames1 shows a command of SMB 1.
func (p *parser) frames1(c *dissect.Ctx, d *direction, data []byte, total int) {
	d.show(c, frSMB1, data, header1, total)
}

// show emits the frames of a whole, its header and its body, of which kind is the first. Of what is not all there the header comes first.
func (d *direction) show(c *dissect.Ctx, kind int, data []byte, head, total int) {
	if !c.WantsFrames() {
		return
	}
	data = data[:min(len(data), total)]
	if len(data) == total || len(d.growing) >= maxGrowing {
		emit(c, kind, data[:min(len(data), dissect.MaxFrame)], total)
		c.Frame(kind+1, data[:min(len(data), head)], int64(head), nil)
		emitBody(c, kind, data, head, total)
		return
	}
	if len(data) >= head {
		c.Frame(kind+1, data[:head], int64(head), nil)
	}
	n := len(d.growing)
	if n < cap(d.growing) { // with its memory
		d.growing = d.growing[:n+1]
	} else {
		d.growing = append(d.growing, growing{})
	}
	g := &d.growing[n]
	g.kind, g.head, g.total = kind, head, total
	g.piece.Reset()
}

func emit(c *dissect.Ctx, kind int, data []byte, n int) { c.Frame(kind, data, int64(n), nil) }

func emitBody(c *dissect.Ctx, kind int, data []byte, head, total int) {
	if len(data) > head {
		emit(c, kind+2, data[head:min(len(data), head+dissect.MaxFrame)], total-head)
	}
}

// grow adds what was consumed, or that n bytes are missing, to the frames under way, and shows those that are over.
func (d *direction) grow(c *dissect.Ctx, data []byte, missing int) {
	for i := 0; i < len(d.growing); {
		g := &d.growing[i]
		room := g.total - int(g.piece.N)
		if missing > 0 {
			g.piece.Gap(min(missing, room))
		} else {
			g.piece.Add(data[:min(len(data), room)])
		}
		if g.piece.N < int64(g.total) {
			i++
			continue
		}
		d.drop(c, i)
	}
}

// drop shows a frame as far as it came.
func (d *direction) drop(c *dissect.Ctx, i int) {
	g := d.growing[i]
	emit(c, g.kind, g.piece.Data, g.total)
	emitBody(c, g.kind, g.piece.Data, g.head, g.total)
	last := len(d.growing) - 1
	copy(d.growing[i:], d.growing[i+1:])
	d.growing[last] = g // its memory is used again
	d.growing[last].piece.Reset()
	d.growing = d.growing[:last]
}

// cut shows the frames under way as far as they came.
func (d *direction) cut(c *dissect.Ctx) {
	for len(d.growing) > 0 {
		d.drop(c, 0)
	}
}
