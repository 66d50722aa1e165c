// Package filefields declares the fields of files carried by any protocol, tells a file's type
// by its content, and writes EVE's fileinfo object.
package filefields

import (
	"bytes"
	"encoding/hex"

	"github.com/luanids/luanids/dissect"
)

// The core events of files: one for a file that began or grew, one for a file that ended.
const (
	onData = "file.data"
	onEnd  = "file"
)

func str(name, event, doc string, get func(f *dissect.File) []byte) dissect.Field {
	return dissect.Field{Name: name, Type: dissect.TString, Event: event, Doc: doc, Bytes: func(e *dissect.Env) []byte {
		if e.File == nil {
			return nil
		}
		return get(e.File)
	}}
}

func num(name string, t dissect.Type, event, doc string, get func(f *dissect.File) (int64, bool)) dissect.Field {
	return dissect.Field{Name: name, Type: t, Event: event, Doc: doc, Int: func(e *dissect.Env) (int64, bool) {
		if e.File == nil {
			return 0, false
		}
		return get(e.File)
	}}
}

func flag(name, event, doc string, get func(f *dissect.File) bool) dissect.Field {
	return num(name, dissect.TBool, event, doc, func(f *dissect.File) (int64, bool) {
		if get(f) {
			return 1, true
		}
		return 0, true
	})
}

// Fields gives the fields of files; they read Env.File.
func Fields() []dissect.Field {
	return []dissect.Field{
		str("file.name", onData, "name as the carrying protocol gives it: of an attachment, or a URI's path",
			func(f *dissect.File) []byte { return present(f.Name) }).Also("filename"),
		str("file.name.text", onData, "name as people see it: that of an attachment with its encoded words decoded (RFC 2047), file.name for others",
			func(f *dissect.File) []byte { return present(shown(f)) }),
		str("file.extension", onData, "what follows the last dot of file.name.text, in the name's own case; absent without one",
			func(f *dissect.File) []byte { return Extension(shown(f)) }).Also("fileext"),
		str("file.mime", onEnd, "media type by the first bytes of the content, such as application/pdf; IANA media types",
			func(f *dissect.File) []byte { return mimeBytes(f) }),
		str("file.magic", onEnd, "what the file is by its first bytes, in the words of file(1) for common types: PDF document, version 1.6",
			func(f *dissect.File) []byte { return magicBytes(f) }).Also("filemagic"),
		num("file.size", dissect.TSize, onEnd, "bytes of content that were seen, decoded", func(f *dissect.File) (int64, bool) {
			return int64(f.Size), true
		}).Also("filesize"),
		str("file.state", onEnd, "whether the file is complete: CLOSED, TRUNCATED or ERROR, UNKNOWN while it is open",
			func(f *dissect.File) []byte { return stateNames[f.State&3] }).OneOf("UNKNOWN", "CLOSED", "TRUNCATED", "ERROR"),
		str("file.truncated_by", onEnd, "what cut a truncated file short: gap, limit, flow end",
			func(f *dissect.File) []byte { return whyBytes(f) }),
		flag("file.complete", onEnd, "the file was seen from its first to its last byte", func(f *dissect.File) bool { return f.State == dissect.FileClosed }),
		flag("file.gaps", onEnd, "bytes of the file are missing", func(f *dissect.File) bool { return f.Gaps }),
		str("file.md5", onEnd, "MD5 of the content in lower-case hex, when computed; RFC 1321", sum(func(f *dissect.File) []byte { return f.MD5 })).Digest(32).Also("filemd5"),
		str("file.sha1", onEnd, "SHA-1 of the content in lower-case hex, when computed; FIPS 180-4", sum(func(f *dissect.File) []byte { return f.SHA1 })).Digest(40).Also("filesha1"),
		str("file.sha256", onEnd, "SHA-256 of the content in lower-case hex, when computed; FIPS 180-4", sum(func(f *dissect.File) []byte { return f.SHA256 })).Digest(64).Also("filesha256"),
		data(),
		num("file.start", dissect.TSize, onEnd, "offset of the first byte, for a part of a larger file", func(f *dissect.File) (int64, bool) { return int64(f.Start), f.Range }),
		num("file.end", dissect.TSize, onEnd, "offset of the last byte, for a part of a larger file", func(f *dissect.File) (int64, bool) { return int64(f.End), f.Range }),
		num("file.id", dissect.TInt, onEnd, "number of the file within its flow, from 1", func(f *dissect.File) (int64, bool) { return int64(f.ID), true }),
		num("file.tx_id", dissect.TInt, onEnd, "number of the carrying message within its flow, from 0", func(f *dissect.File) (int64, bool) { return int64(f.TxID), true }),
		str("file.protocol", onData, "protocol that carries the file", func(f *dissect.File) []byte { return protoBytes(f) }),
		flag("file.to_server", onData, "the client sends the file", func(f *dissect.File) bool { return f.Dir == dissect.ToServer }),
	}
}

func data() dissect.Field {
	f := str("file.data", onData, "content of the file, freed of its encodings, up to the limit that is kept",
		func(f *dissect.File) []byte {
			if len(f.Content) == 0 {
				return nil
			}
			return f.Content
		}).Growing(onEnd)
	f.Type = dissect.TBytes
	return f
}

// present makes an empty value present and not absent.
func present(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

var stateNames = [4][]byte{[]byte("UNKNOWN"), []byte("CLOSED"), []byte("TRUNCATED"), []byte("ERROR")}

func whyBytes(f *dissect.File) []byte {
	if f.Why == "" {
		return nil
	}
	return dissect.Text(f.Why)
}

func protoBytes(f *dissect.File) []byte {
	if f.Proto == nil {
		return nil
	}
	return dissect.Text(f.Proto.Name)
}

// sum makes the hex form of a digest; it allocates, once for a file and only when asked for.
func sum(get func(f *dissect.File) []byte) func(f *dissect.File) []byte {
	return func(f *dissect.File) []byte {
		b := get(f)
		if len(b) == 0 {
			return nil
		}
		return hex.AppendEncode(nil, b)
	}
}

// shown gives the name as people see it.
func shown(f *dissect.File) []byte {
	if len(f.Shown) > 0 {
		return f.Shown
	}
	return f.Name
}

// Extension gives what follows the last dot of a file's name, after the last slash; nil when
// there is nothing.
func Extension(name []byte) []byte {
	name = name[bytes.LastIndexAny(name, `/\`)+1:]
	i := bytes.LastIndexByte(name, '.')
	if i < 0 || i+1 == len(name) {
		return nil
	}
	return name[i+1:]
}
