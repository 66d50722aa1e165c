package rfb

import (
	"encoding/binary"
	"strconv"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// text makes an empty text an absent one.
func text(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// number gives a number that is negative where there is none.
func number(get func(s *Session) int64) func(s *Session) (int64, bool) {
	return func(s *Session) (int64, bool) {
		n := get(s)
		return n, n >= 0
	}
}

func fields() []dissect.Field {
	str, num := dissect.Str[Session], dissect.Int[Session]
	return []dissect.Field{
		num("rfb.sectype", security, "security type: 1 none, 2 VNC's challenge and response, 18 TLS, 19 VeNCrypt, 30 Apple's, 0 refused", number(func(s *Session) int64 { return s.chosen })),
		dissect.Ints("rfb.sectypes", security, "security types that the server offers (from version 3.7 on)", func(s *Session, i int) (int64, bool) {
			if i < len(s.types) {
				return int64(s.types[i]), true
			}
			return 0, false
		}),
		str("rfb.server_version", security, "minor version of the server, in three digits: 008", func(s *Session) []byte { return s.versions[0].text() }),
		str("rfb.client_version", security, "minor version that the client asks for: 008", func(s *Session) []byte { return s.versions[1].text() }),
		num("rfb.secresult", result, "result of authentication: 0 ok, 1 failed, 2 failed too often", number(func(s *Session) int64 { return s.status })),
		str("rfb.name", txEvent, "name of the desktop", func(s *Session) []byte { return text(s.name) }),
		str("rfb.reason", txEvent, "why the server refuses", func(s *Session) []byte { return text(s.reason) }),
		num("rfb.screen_shared", txEvent, "1: other clients may stay connected", number(func(s *Session) int64 { return int64(s.shared) })).Of(dissect.TBool),
		num("rfb.width", txEvent, "width of the screen, pixels", func(s *Session) (int64, bool) { return int64(s.width), s.shown }).Bits(16),
		num("rfb.height", txEvent, "height of the screen, pixels", func(s *Session) (int64, bool) { return int64(s.height), s.shown }).Bits(16),
	}
}

func (v *version) text() []byte {
	if !v.there {
		return nil
	}
	return v.minor[:]
}

// write is the Spec's EVE function, with the members of Suricata's rfb records.
func write(w *jsonw.Writer, e *dissect.Env) {
	s, ok := e.Tx.(*Session)
	if !ok {
		return
	}
	w.Open("rfb")
	for i, key := range [...]string{"server_protocol_version", "client_protocol_version"} {
		if v := &s.versions[i]; v.there {
			w.Open(key)
			w.Key("major")
			w.Bytes(v.major[:])
			w.Key("minor")
			w.Bytes(v.minor[:])
			w.End()
		}
	}
	w.Open("authentication")
	s.authentication(w)
	w.End()
	if len(s.reason) > 0 {
		w.Key("server_security_failure_reason")
		w.Bytes(s.reason)
	}
	if s.shared >= 0 {
		w.Key("screen_shared")
		w.Bool(s.shared > 0)
	}
	if s.shown {
		s.framebuffer(w)
	}
	w.End()
}

func (s *Session) authentication(w *jsonw.Writer) {
	if s.chosen >= 0 {
		w.Key("security_type")
		w.Int(s.chosen)
	}
	if s.chosen == secVNC {
		w.Open("vnc")
		for i, key := range [...]string{"challenge", "response"} {
			if len(s.secrets[i]) > 0 {
				w.Key(key)
				w.Hex(s.secrets[i])
			}
		}
		w.End()
	}
	if s.status < 0 {
		return
	}
	w.Key("security_result")
	if names := [...]string{"OK", "FAIL", "TOOMANY"}; s.status < int64(len(names)) {
		w.Str(names[s.status])
	} else {
		w.Str("UNKNOWN (" + strconv.FormatInt(s.status, 10) + ")")
	}
}

// framebuffer writes what the server shows (RFC 6143 sections 7.3.2 and 7.4).
func (s *Session) framebuffer(w *jsonw.Writer) {
	uint := func(key string, n uint16) {
		w.Key(key)
		w.Uint(uint64(n))
	}
	f := s.format[:]
	w.Open("framebuffer")
	uint("width", s.width)
	uint("height", s.height)
	w.Key("name")
	w.Bytes(s.name)
	w.Open("pixel_format")
	uint("bits_per_pixel", uint16(f[0]))
	uint("depth", uint16(f[1]))
	w.Key("big_endian")
	w.Bool(f[2] != 0)
	w.Key("true_color")
	w.Bool(f[3] != 0)
	uint("red_max", binary.BigEndian.Uint16(f[4:]))
	uint("green_max", binary.BigEndian.Uint16(f[6:]))
	uint("blue_max", binary.BigEndian.Uint16(f[8:]))
	uint("red_shift", uint16(f[10]))
	uint("green_shift", uint16(f[11]))
	uint("blue_shift", uint16(f[12]))
	w.End()
	w.End()
}
