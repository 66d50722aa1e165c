package filefields

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
)

// TestDescribe compares with what file(1) says of the same bytes.
func TestDescribe(t *testing.T) {
	pe := "4d5a" + strings.Repeat("00", 58) + "40000000" + "50450000" + "6486" + strings.Repeat("00", 16) + "2220" + "0b02" + strings.Repeat("00", 66) + "0300" + strings.Repeat("00", 40)
	for head, want := range map[string]string{
		"255044462d312e360a25e2e3":                                     "PDF document, version 1.6",
		"89504e470d0a1a0a0000000d49484452000000100000002008060000001f": "PNG image data, 16 x 32, 8-bit/color RGBA, non-interlaced",
		"47494638396101000200800000":                                   "GIF image data, version 89a, 1 x 2",
		"ffd8ffe000104a46494600010101":                                 "JPEG image data, JFIF standard 1.01",
		"504b03041400000008000000":                                     "Zip archive data, at least v2.0 to extract",
		"1f8b0800000000000003":                                         "gzip compressed data",
		"7f454c460201010000000000000000000200":                         "ELF 64-bit LSB executable",
		pe:                                                             "PE32+ executable (DLL) (console) x86-64, for MS Windows",
		hex.EncodeToString([]byte("<!DOCTYPE html><html>")):            "HTML document, ASCII text",
		hex.EncodeToString([]byte("hello\nworld\n")):                   "ASCII text",
		hex.EncodeToString([]byte("gr\u00fc\u00df dich\n")):            "UTF-8 Unicode text",
		"00010203ff":                                                   "data",
		"":                                                             "",
	} {
		b, err := hex.DecodeString(head)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(Describe(&dissect.File{Head: b})); got != want {
			t.Errorf("%.40s is %q, want %q", head, got, want)
		} else if !Describes(got) && got != "" {
			t.Errorf("%q is said, but not known to be", got)
		}
	}
	for text, want := range map[string]bool{"pdf": true, "VERSION 1.6": true, "PE32+": true, "for MS Windows": true, "executable (DLL)": true, "Amiga": false} {
		if Describes(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// FuzzDescribe wants no head to break the descriptions, and none to be said that rules cannot ask for.
func FuzzDescribe(f *testing.F) {
	for _, s := range []string{"%PDF-1.6", "MZ", "\x89PNG\r\n\x1a\n", "GIF89a", "\xff\xd8\xff\xe0", "PK\x03\x04", "\x7fELF", "\xca\xfe\xba\xbe", "FWS\x05", "II*\x00", "7z\xbc\xaf\x27\x1c"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		if len(head) > dissect.MagicBytes {
			return
		}
		if s := string(Describe(&dissect.File{Head: head})); (s == "") != (len(head) == 0) {
			t.Fatalf("%q for % x", s, head)
		}
	})
}
