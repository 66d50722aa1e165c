package dns

import "encoding/binary"

// Limits on names. RFC 1035 section 2.3.4 allows 255 bytes; servers accept longer ones, so a name
// is kept up to the length that dnsmasq takes.
const (
	maxName   = 1025 // bytes of the dotted form
	maxLabels = 255  // labels and pointers followed
	// maxWork is how many labels and pointers of a whole message are followed. Past it pointers
	// are not followed any more, so that no message costs out of proportion to its size; zone
	// transfers, the largest messages, stay far below.
	maxWork = 64 << 10
)

// What was wrong with a name, and yet let it be read.
const (
	nameTruncated uint8 = 1 << iota
	nameLoop
	nameLabels
)

// parseName reads the name at pos of the message (RFC 1035 section 4.1.4) into the arena and
// returns the position behind it. Labels are joined by dots and not escaped, as Suricata shows
// them. A pointer may lead forward, since resolvers are known that follow it; the limits on labels and
// length end any loop.
func (m *Message) parseName(pos int) (next int, name Text, flags uint8, ok bool) {
	b := m.raw
	if m.ptrOff >= 0 && pos+1 < len(b) && b[pos] >= 0xc0 &&
		int(binary.BigEndian.Uint16(b[pos:])&0x3fff) == m.ptrOff {
		return pos + 2, m.ptrText, m.ptrFlags, true
	}
	start := len(m.arena)
	first := pos
	next = -1
	target := -1 // where the first pointer leads, if the name is nothing but that pointer
	for count := 0; pos < len(b); {
		n := int(b[pos])
		if n == 0 {
			pos++
			break
		}
		switch n & 0xc0 {
		case 0:
			if pos+1+n > len(b) {
				return pos, name, flags, false
			}
			if flags&nameTruncated == 0 {
				if len(m.arena) > start {
					m.arena = append(m.arena, '.')
				}
				m.arena = append(m.arena, b[pos+1:pos+1+n]...)
			}
			pos += 1 + n
		case 0xc0:
			if pos+2 > len(b) {
				return pos, name, flags, false
			}
			to := int(binary.BigEndian.Uint16(b[pos:]) & 0x3fff)
			if to > len(b) {
				return pos, name, flags, false
			}
			if to == pos {
				flags |= nameLoop
				m.nameBad |= flags
				return next, Text{uint32(start), uint32(len(m.arena) - start)}, flags, next >= 0
			}
			if next < 0 {
				next = pos + 2
				if pos == first {
					target = to
				}
			}
			if m.work >= maxWork {
				flags |= nameTruncated | nameLabels
				m.nameBad |= flags
				return next, Text{uint32(start), uint32(len(m.arena) - start)}, flags, true
			}
			pos = to
		default: // reserved label types (RFC 6891 section 5)
			return pos, name, flags, false
		}
		m.work++
		if count++; count > maxLabels {
			flags |= nameLabels
			if next < 0 {
				m.nameBad |= flags
				return pos, name, flags, false
			}
			flags |= nameTruncated
			break
		}
		if len(m.arena)-start > maxName {
			m.arena = m.arena[:start+maxName]
			flags |= nameTruncated
			if next >= 0 {
				break
			}
		}
	}
	m.nameBad |= flags
	name = Text{uint32(start), uint32(len(m.arena) - start)}
	if next < 0 {
		next = pos
	} else if target >= 0 {
		m.ptrOff, m.ptrText, m.ptrFlags = target, name, flags
	}
	return next, name, flags, true
}
