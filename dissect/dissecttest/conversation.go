package dissecttest

import (
	"bytes"

	"github.com/luanids/luanids/dissect"
)

// Conversation feeds both sides' bytes, which take turns at each NUL, the client first; 0x01 before them stands for a gap of their
// length. With slow each byte comes by itself. It is what fuzz targets make of their input.
func (r *Recorder) Conversation(data []byte, slow bool) {
	dir := dissect.ToServer
	for _, part := range bytes.Split(data, []byte{0}) {
		switch {
		case len(part) == 0: // says nothing
		case part[0] == 1:
			r.Gap(dir, len(part))
		case slow:
			r.Trickle(dir, string(part))
		default:
			r.Data(dir, string(part))
		}
		dir = dir.Rev()
	}
}
