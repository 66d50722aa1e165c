package capture

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// signature tells a kind of file by its first bytes.
type signature struct {
	magic string
	what  string
	hint  string
}

const convertHint = "Wireshark's editcap may convert it: editcap FILE out.pcapng"

// signatures are kinds of files that people give by mistake, or in place of a capture.
var signatures = []signature{
	{"%PDF", "a PDF document", ""},
	{"\x7fELF", "an ELF program", ""},
	{"MZ", "a Windows program", ""},
	{"PK\x03\x04", "a zip archive", "unpack it first: unzip FILE"},
	{"PK\x05\x06", "an empty zip archive", ""},
	{"Rar!", "a RAR archive", "unpack it first"},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"},
	{"\xfd7zXZ\x00", "xz-compressed data", "decompress it on the way: xz -dc FILE | luanids -f -"},
	{"BZh", "bzip2-compressed data", "decompress it on the way: bzip2 -dc FILE | luanids -f -"},
	{"\x04\x22\x4d\x18", "lz4-compressed data", "decompress it on the way: lz4 -dc FILE | luanids -f -"},
	{"\x1f\x9d", "data packed by compress", "decompress it on the way: zcat FILE | luanids -f -"},
	{"snoop\x00\x00\x00", "a snoop capture", convertHint},
	{"\x1c\x00\x01\xab", "an Ixia lcap capture", convertHint},
	{"\x1c\x00\x01\xac", "an Ixia lcap capture", convertHint},
	{"\xab\x01\x00\x1c", "an Ixia lcap capture", convertHint},
	{"\xac\x01\x00\x1c", "an Ixia lcap capture", convertHint},
	{"\xa1\xb2\x34\xcd", "a pcap of a variant that is not supported", convertHint},
	{"\xcd\x34\xb2\xa1", "a pcap of a variant that is not supported", convertHint},
	{"GMBU", "a Network Monitor capture", convertHint},
	{"RTSS", "a Network Monitor 1 capture", convertHint},
	{"XCP\x00", "a NetXRay capture", convertHint},
	{"TRSNIFF data", "a Sniffer capture", convertHint},
	{"\x7fver", "a TamoSoft or EtherPeek capture", convertHint},
	{"SQLite format 3", "an SQLite database", ""},
	{"\x89PNG", "a PNG image", ""},
	{"\xff\xd8\xff", "a JPEG image", ""},
	{"GIF8", "a GIF image", ""},
	{"\xd0\xcf\x11\xe0", "a Microsoft Office document", ""},
	{"\x1bLua", "a compiled Lua script", ""},
	{"#!", "a script", ""},
	{"<!DOCTYPE", "an HTML page", "was it downloaded from behind a log-in page?"},
	{"<!doctype", "an HTML page", "was it downloaded from behind a log-in page?"},
	{"<html", "an HTML page", "was it downloaded from behind a log-in page?"},
	{"<HTML", "an HTML page", "was it downloaded from behind a log-in page?"},
	{"<?xml", "XML", ""},
	{"version https://git-lfs", "a Git LFS pointer", "fetch the file itself: git lfs pull"},
}

// sniffBytes is how much of a file is looked at to name it.
const sniffBytes = 512

// notCapture builds the error for what begins with no magic number of ours.
func (f *fileReader) notCapture() error {
	b, err := f.window.need(sniffBytes)
	if err == io.EOF && len(b) == 0 {
		e := &NotCaptureError{Path: f.path, Found: "the file is empty"}
		if f.packed != "" {
			e.Found = "the " + f.packed + " stream in it is empty"
		}
		return e
	}
	what, hint := sniff(b)
	e := &NotCaptureError{Path: f.path, Found: "looks like " + what, Hint: hint,
		First: bytes.Clone(b[:min(4, len(b))])}
	switch {
	case what == "":
		e.Found = "its kind is unknown"
	case f.packed != "":
		e.Found = "the " + f.packed + " stream in it looks like " + what
	}
	return e
}

// sniff names the kind of file that begins with b, or gives "".
func sniff(b []byte) (what, hint string) {
	for i := range signatures {
		if s := &signatures[i]; bytes.HasPrefix(b, []byte(s.magic)) {
			return s.what, s.hint
		}
	}
	if len(b) > 262 && string(b[257:262]) == "ustar" {
		return "a tar archive", "unpack it first: tar xf FILE"
	}
	if len(bytes.Trim(b, "\x00")) == 0 {
		return "zero bytes only", "the disk may have been full when it was written"
	}
	if !isText(b) {
		return "", ""
	}
	t := bytes.TrimLeft(b, " \t\r\n\xef\xbb\xbf")
	switch {
	case bytes.HasPrefix(t, []byte("{")), bytes.HasPrefix(t, []byte("[{")), bytes.HasPrefix(t, []byte("[\n")):
		return "JSON", ""
	case bytes.HasPrefix(bytes.ToLower(t), []byte("<!doctype html")), bytes.HasPrefix(bytes.ToLower(t), []byte("<html")):
		return "an HTML page", "was it downloaded from behind a log-in page?"
	case bytes.HasPrefix(t, []byte("alert ")), bytes.Contains(b, []byte("\nalert ")):
		return "detection rules", "rules are given with -r FILE"
	}
	return "text", ""
}

func isText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 && len(b) >= utf8.UTFMax {
			return false
		}
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f' && r != 0x1b {
			return false
		}
		b = b[n:]
	}
	return true
}
