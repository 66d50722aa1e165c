package filefields

import (
	"bytes"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/jsonw"
)

func TestMagic(t *testing.T) {
	for _, tt := range []struct{ head, want string }{
		{"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00", "application/vnd.microsoft.portable-executable"},
		{"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00", "application/x-sharedlib"},
		{"%PDF-1.7\n", "application/pdf"},
		{"PK\x03\x04\x14\x00\x00\x00\x08\x00", "application/zip"},
		{"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png"},
		{"#!/bin/sh\necho\n", "text/x-shellscript"},
		{"hello there\n", "text/plain"},
		{"<!DOCTYPE html><html>", "text/html"},
		{"\x00\x01\x02\x03\xfe\xff\x80\x81", ""},
		{"", ""},
	} {
		if got := Magic([]byte(tt.head)); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.head, got, tt.want)
		}
	}
}

func TestExtension(t *testing.T) {
	for name, want := range map[string]string{"/a/b.tar.gz": "gz", "/a.d/b": "", "x.": "", "a.EXE": "EXE", `c:\d.e\f`: ""} {
		if got := string(Extension([]byte(name))); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// host counts the file events.
type host struct {
	dissect.Host
	grew, ended int
}

func (h *host) FileEvent(e *dissect.Env, ended bool) {
	if ended {
		h.ended++
	} else {
		h.grew++
	}
}

func TestFileLife(t *testing.T) {
	limits := dissect.DefaultLimits()
	limits.KeepBodies, limits.HashMD5, limits.HashSHA256 = true, true, true
	h := &host{}
	c := &dissect.Ctx{Limits: &limits, Host: h}
	var f dissect.File
	// Twice, to see that nothing of the first file is left in the second.
	for _, name := range []string{"/tmp/longer name.pdf", "/a.pdf"} {
		c.OpenFile(&f, []byte(name), nil)
		c.WriteFile(&f, []byte("%PDF-1."))
		c.WriteFile(&f, []byte("4 rest"))
		c.CloseFile(&f, dissect.FileClosed, "")
	}
	if h.ended != 2 || h.grew != 6 {
		t.Errorf("%d grew, %d ended", h.grew, h.ended)
	}
	schema, err := dissect.NewSchema(nil, Fields())
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	e := &dissect.Env{File: &f}
	for _, field := range schema.Fields() {
		got += dissecttest.Format(field, e)
	}
	want := ` file.complete=1 file.data="%PDF-1.4 rest" file.extension="pdf" file.gaps=0 file.id=0 file.magic="PDF document, version 1.4"` +
		` file.md5="63e298df0a5b183f71a1c7b3cd420d7d" file.mime="application/pdf" file.name="/a.pdf" file.name.text="/a.pdf"` +
		` file.sha256="49259fe6873813a2ea27217bb7808655415303539f2b7df8a164aa631bebda58" file.size=13 file.state="CLOSED" file.to_server=1 file.tx_id=0`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	check := func(want string) {
		t.Helper()
		var w jsonw.Writer
		w.Object()
		EVE(&w, &f)
		w.End()
		if string(w.B) != want {
			t.Errorf("got  %s\nwant %s", w.B, want)
		}
	}
	check(`{"fileinfo":{"filename":"/a.pdf","magic":"PDF document, version 1.4","gaps":false,"state":"CLOSED","md5":"63e298df0a5b183f71a1c7b3cd420d7d",` +
		`"sha256":"49259fe6873813a2ea27217bb7808655415303539f2b7df8a164aa631bebda58","stored":false,"size":13,"tx_id":0}}`)

	// A file with a gap is never complete, and its sums are not those of the file.
	c.OpenFile(&f, []byte("g"), nil)
	c.WriteFile(&f, []byte("a"))
	c.GapFile(&f)
	c.CloseFile(&f, dissect.FileClosed, "")
	check(`{"fileinfo":{"filename":"g","magic":"ASCII text","gaps":true,"state":"TRUNCATED",` +
		`"sha256":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb","stored":false,"size":1,"tx_id":0}}`)
}

func BenchmarkMagic(b *testing.B) {
	head := bytes.Repeat([]byte(" x"), dissect.MagicBytes/2)
	copy(head, "<!DOCTYPE html><html><head><title>x</title>")
	b.ReportAllocs()
	for b.Loop() {
		if Magic(head) == "" {
			b.Fatal("no type")
		}
	}
}
