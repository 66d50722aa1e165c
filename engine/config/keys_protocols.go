package config

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/luanids/luanids/dissect/protocols"
)

// protocolNames are the protocols that luanids knows.
var protocolNames = sync.OnceValue(func() []string {
	var list []string
	for _, spec := range protocols.All(func(string) map[string]string { return nil }) {
		list = append(list, spec.Name)
	}
	slices.Sort(list)
	return list
})

// protocol is the name of a protocol.
var protocol = checkedText("a protocol", "smtp", func(s string) error {
	if slices.Contains(protocolNames(), s) {
		return nil
	}
	if hint := nearest(s, protocolNames()); hint != "" {
		return fmt.Errorf("unknown protocol %q; %s", s, hint)
	}
	return fmt.Errorf("unknown protocol %q: luanids fields lists what there is", s)
})

func protocolGroups() []group {
	count := integer[int](1, 1<<20, "1024")
	body := size[int](0, 1<<30, "100kb")
	return []group{
		{"app_layer", "What is looked for above TCP and UDP.", restart(
			one("memcap", "memory for messages that are not complete yet", size[int](1<<20, 1<<40, "128mb"), func(s *Settings) *int { return &s.Engine.AppMemcap }),
			nameSet("disabled", "protocols that are not recognised", func(s *Settings) *map[string]bool { return &s.Engine.Disabled }),
			nameSet("bypass_encrypted", "protocols whose connections are only counted once they are encrypted; with stream.bypass", func(s *Settings) *map[string]bool { return &s.Engine.Bypass.Encrypted }),
			nameSet("inspect_encrypted", "protocols whose encrypted payload rules look at all the same", func(s *Settings) *map[string]bool { return &s.Engine.InspectEncrypted }),
			one("ja3", "compute JA3 and JA3S", truth, func(s *Settings) *bool { return &s.Engine.Limits.JA3 }),
			one("ja4", "compute JA4", truth, func(s *Settings) *bool { return &s.Engine.Limits.JA4 }),
			one("hassh", "compute HASSH", truth, func(s *Settings) *bool { return &s.Engine.Limits.HASSH }),
			hashes(),
			one("file_inspect", "bytes of a file that rules on contents see", body, func(s *Settings) *int { return &s.Engine.Limits.FileInspect }),
			options("options.**", "settings of protocols by Suricata's name below app-layer.protocols", func(s *Settings) *map[string]string { return &s.Engine.Limits.Settings }).like("IDS"),
		)},
		{"app_layer.parts", "Files that come in parts, each over a flow of its own (Content-Range of HTTP).", restart(
			one("memcap", "bytes of all files together that wait for those before them; 0: files are not put together", size[int](0, 1<<32, "32mb"), func(s *Settings) *int { return &s.Engine.Parts.Memcap }),
			one("timeout", "time without a part after which a file is given up", duration[int64](1e9, 3600e9, "60s"), func(s *Settings) *int64 { return &s.Engine.Parts.Timeout }),
		)},
		{"app_layer.http", "", restart(
			one("request_body_limit", "bytes of a request body that are looked at", body, func(s *Settings) *int { return &s.Engine.Limits.HTTP.RequestBodyLimit }),
			one("response_body_limit", "bytes of a response body that are looked at", body, func(s *Settings) *int { return &s.Engine.Limits.HTTP.ResponseBodyLimit }),
			one("decompress_layers", "content encodings undone one after the other", integer[int](0, 16, "2"), func(s *Settings) *int { return &s.Engine.Limits.HTTP.DecompressLayers }),
			one("bomb_limit", "unpacked bytes past which a body that grew too much is given up", size[int64](1<<10, 1<<32, "1mb"), func(s *Settings) *int64 { return &s.Engine.Limits.HTTP.BombLimit }),
			one("lzma", "unpack LZMA", truth, func(s *Settings) *bool { return &s.Engine.Limits.HTTP.LZMA }),
			one("double_decode_path", "decode the path twice", truth, func(s *Settings) *bool { return &s.Engine.Limits.HTTP.DoubleDecodePath }),
			one("double_decode_query", "decode the query twice", truth, func(s *Settings) *bool { return &s.Engine.Limits.HTTP.DoubleDecodeQuery }),
			one("field_limit", "longest header line, bytes", size[int](256, 1<<20, "18000"), func(s *Settings) *int { return &s.Engine.Limits.HTTP.FieldLimit }),
			one("max_headers", "headers of one message", count, func(s *Settings) *int { return &s.Engine.Limits.HTTP.MaxHeaders }),
			one("max_tx", "pipelined requests that wait for their response", count.like("512"), func(s *Settings) *int { return &s.Engine.Limits.HTTP.MaxTx }),
		)},
		{"app_layer.smtp", "", restart(
			one("decode_mime", "parse mails", truth, func(s *Settings) *bool { return &s.Engine.Limits.SMTP.DecodeMIME }),
			one("decode_base64", "decode base64 parts", truth, func(s *Settings) *bool { return &s.Engine.Limits.SMTP.DecodeBase64 }),
			one("decode_quoted_printable", "decode quoted-printable parts", truth, func(s *Settings) *bool { return &s.Engine.Limits.SMTP.DecodeQP }),
			one("header_value_depth", "bytes of a header's value", size[int](0, 1<<20, "2000"), func(s *Settings) *int { return &s.Engine.Limits.SMTP.HeaderValueDepth }),
			one("extract_urls", "find URLs in bodies", truth, func(s *Settings) *bool { return &s.Engine.Limits.SMTP.ExtractURLs }),
			one("max_urls", "URLs of one mail", count.like("256"), func(s *Settings) *int { return &s.Engine.Limits.SMTP.MaxURLs }),
			one("body_md5", "compute the MD5 of bodies; auto: if rules ask for it (email.body_md5)", choice("auto", "true", "false"), func(s *Settings) *string { return &s.Engine.Limits.SMTP.BodyMD5 }),
			one("raw_extraction", "take the whole mail as a file", truth, func(s *Settings) *bool { return &s.Engine.Limits.SMTP.RawExtraction }),
			one("content_limit", "bytes of an attachment that are looked at", body, func(s *Settings) *int { return &s.Engine.Limits.SMTP.ContentLimit }),
			one("inspect_min_size", "bytes before an attachment is first looked at", body.like("32kb"), func(s *Settings) *int { return &s.Engine.Limits.SMTP.InspectMinSize }),
			one("inspect_window", "bytes between two looks", body.like("4kb"), func(s *Settings) *int { return &s.Engine.Limits.SMTP.InspectWindow }),
			one("max_depth", "parts within parts", integer[int](1, 64, "16"), func(s *Settings) *int { return &s.Engine.Limits.SMTP.MaxDepth }),
		)},
	}
}

// like gives another example.
func (c codec[T]) like(example string) codec[T] { c.example = example; return c }

// nameSet is a list of protocols that is kept as a set.
func nameSet(name, doc string, p func(*Settings) *map[string]bool) Key {
	k := many(name, doc, protocol, func(*Settings) *[]string { return nil })
	k.get = func(s *Settings, _ []string) text {
		var list []string
		for _, n := range slices.Sorted(maps.Keys(*p(s))) {
			if (*p(s))[n] {
				list = append(list, n)
			}
		}
		return text{flow: protocol.formatList(list)}
	}
	k.set = func(s *Settings, _ []string, v value) []problem {
		list, bad := protocol.readList(v)
		if len(bad) == 0 {
			*p(s) = map[string]bool{}
			for _, n := range list {
				(*p(s))[n] = true
			}
		}
		return bad
	}
	return k
}

// hashes are the digests of files.
func hashes() Key {
	digest := choice("md5", "sha1", "sha256")
	digest.want = "a digest"
	k := many("hashes", "digests of files that are always computed; those that a rule or feed asks for are anyhow", digest, func(*Settings) *[]string { return nil })
	k.Example = "[md5, sha256]"
	k.get = func(s *Settings, _ []string) text {
		l := &s.Engine.Limits
		var list []string
		for i, on := range []bool{l.HashMD5, l.HashSHA1, l.HashSHA256} {
			if on {
				list = append(list, []string{"md5", "sha1", "sha256"}[i])
			}
		}
		return text{flow: digest.formatList(list)}
	}
	k.set = func(s *Settings, _ []string, v value) []problem {
		list, bad := digest.readList(v)
		if len(bad) == 0 {
			l := &s.Engine.Limits
			l.HashMD5, l.HashSHA1, l.HashSHA256 = slices.Contains(list, "md5"), slices.Contains(list, "sha1"), slices.Contains(list, "sha256")
		}
		return bad
	}
	return k
}

// options are texts by names that we do not know.
func options(name, doc string, p func(*Settings) *map[string]string) Key {
	c := words("value")
	return Key{Name: name, Doc: doc, Type: c.want, Example: c.example,
		names: func(s *Settings) (list [][]string) {
			for _, n := range slices.Sorted(maps.Keys(*p(s))) {
				list = append(list, []string{n})
			}
			return list
		},
		get: func(s *Settings, w []string) text { return text{flow: quote((*p(s))[w[0]])} },
		set: func(s *Settings, w []string, v value) []problem {
			t, bad := c.read(v, v.node)
			if bad != nil {
				return []problem{*bad}
			}
			if *p(s) == nil {
				*p(s) = map[string]string{}
			}
			(*p(s))[w[0]] = t
			return nil
		}}
}
