package smb

import "github.com/luanids/luanids/dissect"

// frames shows the packet of NetBIOS that data begins with, of n bytes, as far as it is at hand.
func (p *parser) frames(c *dissect.Ctx, data []byte, n int) {
	if !c.WantsFrames() {
		return
	}
	show(c, frNBSS, data, nbHeader, nbHeader+n)
}

// frames2 shows a command of SMB 2.
func (p *parser) frames2(c *dissect.Ctx, data []byte, total int) {
	if c.WantsFrames() {
		show(c, frSMB2, data, header2, total)
	}
}

// frames1 shows a command of SMB 1.
func (p *parser) frames1(c *dissect.Ctx, data []byte, total int) {
	if c.WantsFrames() {
		show(c, frSMB1, data, header1, total)
	}
}

// show emits the frames of a whole, its header and its body, of which kind is the first.
func show(c *dissect.Ctx, kind int, data []byte, head, total int) {
	data = data[:min(len(data), total)]
	c.Frame(kind, data[:min(len(data), dissect.MaxFrame)], int64(total), nil)
	c.Frame(kind+1, data[:min(len(data), head)], int64(head), nil)
	if len(data) > head {
		c.Frame(kind+2, data[head:min(len(data), head+dissect.MaxFrame)], int64(total-head), nil)
	}
}
