package mpm

import "sync"

// A window is chosen by how many positions it will let through in vain. Traffic is taken for text, binary data, or
// runs of one byte, with these shares: the estimates are then within a third of what is counted on real traffic.
const (
	textShare   = 0.54
	binaryShare = 0.30
)

var runBytes = [...]struct {
	b     byte
	share float32
}{{0, 0.1}, {0xff, 0.02}, {' ', 0.01}, {'A', 0.01}, {'0', 0.02}}

// runSlots are the slots of runBytes.
var runSlots = func() (s [len(runBytes)]uint8) {
	for i, r := range runBytes {
		s[i] = pairSlot(r.b, r.b)
	}
	return s
}()

// share is a share of the positions of text, and of those of binary data.
type share struct{ text, binary float32 }

// binaryByte is how often a byte is in what is not text: much is small numbers in big fields.
func binaryByte(c byte) float32 {
	switch {
	case c == 0:
		return 0.3
	case c < 16:
		return 0.01
	case c == 0xff:
		return 0.02
	}
	return (1 - 0.3 - 15*0.01 - 0.02) / (256 - 17)
}

// slotShares tells how often a slot is that of a pair.
var slotShares = sync.OnceValue(func() *[pairSlots][2]share {
	var s [pairSlots][2]share
	for a := range 256 {
		for b := range 256 {
			s[pairSlot(byte(a), byte(b))][0].binary += binaryByte(byte(a)) * binaryByte(byte(b))
		}
	}
	for i := range len(commonText) - 1 {
		s[pairSlot(commonText[i], commonText[i+1])][0].text += 1 / float32(len(commonText)-1)
	}
	return &s
})

// commonShare is what a run of four bytes of text that is in most traffic counts. Such text is far more common than its pairs tell, and
// patterns that begin with it have to be compared, which takes as long as several positions that get through in vain.
const commonShare = 1e-3
