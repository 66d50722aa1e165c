package ssh

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

func fields() []dissect.Field {
	either := func(name, doc string, get func(*Side) []byte) dissect.Field {
		return dissect.Field{Name: name, Type: dissect.TString, Event: "ssh.banner", Doc: doc,
			Bytes: func(e *dissect.Env) []byte {
				if s, ok := e.Tx.(*Session); ok {
					return get(s.side(e.Dir))
				}
				return nil
			}}
	}
	fs := []dissect.Field{
		either("ssh.proto", "protocol version in a side's banner: 2.0, 1.99", func(x *Side) []byte { return x.Proto }),
		either("ssh.software", "software version in a side's banner: OpenSSH_9.2p1", func(x *Side) []byte { return x.Software }),
		either("ssh.banner", "a side's banner, the whole line", func(x *Side) []byte { return x.Banner }),
	}
	for _, d := range []struct {
		name, banner, kex string
		side              func(s *Session) *Side
	}{
		{"ssh.client", "ssh.client_banner", "ssh.client_kex", func(s *Session) *Side { return &s.Client }},
		{"ssh.server", "ssh.server_banner", "ssh.server_kex", func(s *Session) *Side { return &s.Server }},
	} {
		who := d.name[len("ssh."):] + "'s "
		str := func(name, event, doc string, get func(*Side) []byte) dissect.Field {
			return dissect.Str(d.name+name, event, "the "+who+doc, func(s *Session) []byte { return get(d.side(s)) })
		}
		fs = append(fs,
			str(".proto", d.banner, "protocol version", func(x *Side) []byte { return x.Proto }),
			str(".software", d.banner, "software version", func(x *Side) []byte { return x.Software }),
			str(".comments", d.banner, "comments in the banner", func(x *Side) []byte { return x.Comments }),
			str(".kex_algs", d.kex, "key exchange algorithms, separated by commas", func(x *Side) []byte { return x.list(listKex) }),
			str(".host_key_algs", d.kex, "host key algorithms", func(x *Side) []byte { return x.list(listHostKey) }),
			str(".ciphers", d.kex, "ciphers from client to server", func(x *Side) []byte { return x.list(listCipherToServer) }),
			str(".macs", d.kex, "MACs from client to server", func(x *Side) []byte { return x.list(listMACToServer) }),
			str(".compression", d.kex, "compression from client to server", func(x *Side) []byte { return x.list(listCompressionToServer) }),
		)
	}
	return append(append(fs, fingerprints()...), outcome()...)
}

func fingerprints() []dissect.Field {
	return []dissect.Field{
		dissect.Str("ssh.hassh", "ssh.client_kex", "HASSH of the client: MD5 of its algorithms", func(s *Session) []byte { return present(s.Client.HASSH) }).Digest(32),
		dissect.Str("ssh.hassh.string", "ssh.client_kex", "what HASSH of the client is made of", func(s *Session) []byte { return present(s.Client.HASSHString) }),
		dissect.Str("ssh.hassh.server", "ssh.server_kex", "HASSH of the server", func(s *Session) []byte { return present(s.Server.HASSH) }).Digest(32),
		dissect.Str("ssh.hassh.server.string", "ssh.server_kex", "what HASSH of the server is made of", func(s *Session) []byte { return present(s.Server.HASSHString) }),
	}
}

func outcome() []dissect.Field {
	agreed := func(name, doc string, get func(*Session) []byte) dissect.Field {
		return dissect.Str(name, "ssh.kex", doc, get)
	}
	return []dissect.Field{
		agreed("ssh.kex", "key exchange agreed on", func(s *Session) []byte { return s.Kex }),
		agreed("ssh.host_key", "host key algorithm agreed on", func(s *Session) []byte { return s.HostKey }),
		agreed("ssh.cipher", "cipher agreed on, from client to server", func(s *Session) []byte { return s.Cipher[dissect.ToServer] }),
		agreed("ssh.mac", "MAC agreed on, from client to server; without meaning for AEAD ciphers", func(s *Session) []byte { return s.MAC[dissect.ToServer] }),
		agreed("ssh.compression", "compression agreed on, from client to server", func(s *Session) []byte { return s.Comp[dissect.ToServer] }),
		dissect.Int("ssh.auth.failures", "ssh.kex", "attempts to authenticate that failed so far, as sizes tell", func(s *Session) (int64, bool) { return int64(s.Failures), true }),
		dissect.Int("ssh.auth.attempts", "ssh.kex", "attempts to authenticate so far, as sizes tell", func(s *Session) (int64, bool) {
			n := int64(s.Failures)
			if s.Result == "success" {
				n++
			}
			return n, true
		}),
		dissect.Str("ssh.auth.result", "ssh.kex", "outcome of authentication so far, as sizes tell", (*Session).result).
			OneOf("success", "failure", "undetermined"),
	}
}

var results = map[string][]byte{
	"success": []byte("success"), "failure": []byte("failure"), "undetermined": []byte("undetermined"),
}

func (s *Session) result() []byte { return results[s.Result] }

func present(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// writeEVE writes the ssh object of a record.
func writeEVE(w *jsonw.Writer, e *dissect.Env) {
	s, ok := e.Tx.(*Session)
	if !ok {
		return
	}
	w.Open("ssh")
	writeSide(w, "client", &s.Client)
	writeSide(w, "server", &s.Server)
	w.End()
}

func writeSide(w *jsonw.Writer, key string, x *Side) {
	if x.Banner == nil && len(x.HASSH) == 0 {
		return
	}
	w.Open(key)
	if x.Banner != nil {
		w.Key("proto_version")
		w.Bytes(x.Proto)
		if len(x.Software) > 0 {
			w.Key("software_version")
			w.Bytes(x.Software)
		}
	}
	if len(x.HASSH) > 0 {
		w.Open("hassh")
		w.Key("hash")
		w.Bytes(x.HASSH)
		w.Key("string")
		w.Bytes(x.HASSHString)
		w.End()
	}
	w.End()
}
