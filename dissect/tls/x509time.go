package tls

import "time"

// derTime reads a UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5). Offsets and missing
// seconds, which old certificates have, are taken.
func derTime(b []byte) (sec int64, rest []byte, ok bool) {
	tag, v, rest, ok := tlv(b)
	if !ok {
		return 0, nil, false
	}
	year := 0
	switch {
	case tag == tagUTCTime && len(v) >= 10:
		if year, ok = digits(v[:2]); year < 50 {
			year += 2000
		} else {
			year += 1900
		}
		v = v[2:]
	case tag == tagGeneralizedTime && len(v) >= 12:
		year, ok = digits(v[:4])
		v = v[4:]
	default:
		return 0, nil, false
	}
	var f [5]int // month, day, hour, minute, second
	for i := range f {
		if i == 4 && (len(v) < 2 || v[0] < '0' || v[0] > '9') {
			break // no seconds
		}
		if len(v) < 2 || !ok {
			return 0, nil, false
		}
		f[i], ok = digits(v[:2])
		v = v[2:]
	}
	if !ok || f[0] < 1 || f[0] > 12 || f[1] < 1 || f[1] > 31 || f[2] > 23 || f[3] > 59 || f[4] > 60 {
		return 0, nil, false
	}
	t := time.Date(year, time.Month(f[0]), f[1], f[2], f[3], f[4], 0, time.UTC).Unix()
	return t - zone(v), rest, true
}

// zone gives the seconds of an offset +hhmm or -hhmm.
func zone(v []byte) int64 {
	if len(v) < 5 || v[0] != '+' && v[0] != '-' {
		return 0
	}
	h, ok1 := digits(v[1:3])
	m, ok2 := digits(v[3:5])
	if !ok1 || !ok2 {
		return 0
	}
	s := int64(h*3600 + m*60)
	if v[0] == '-' {
		return -s
	}
	return s
}

func digits(v []byte) (int, bool) {
	n := 0
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
