package ftp

import "bytes"

// Telnet's controls may stand anywhere in a command (RFC 959 section 4.1.3, RFC 854).
const (
	iac  = 0xff // what follows is a control
	will = 251  // and up to 254: with an option behind
	sb   = 250  // up to iac se
	se   = 240
)

// appendPlain appends a line without Telnet's controls, as servers have it. What no control follows stays: names of files may have that byte.
func appendPlain(dst, line []byte) []byte {
	for len(line) > 0 {
		i := bytes.IndexByte(line, iac)
		if i < 0 || i == len(line)-1 {
			return append(dst, line...)
		}
		dst = append(dst, line[:i]...)
		control := line[i+1]
		n := 2
		switch {
		case control < se:
			dst, n = append(dst, iac), 1
		case control == iac:
			dst = append(dst, iac)
		case control >= will:
			n = 3
		case control == sb:
			if end := bytes.Index(line[i:], []byte{iac, se}); end >= 0 {
				n = end + 2
			}
		}
		line = line[min(i+n, len(line)):]
	}
	return dst
}
