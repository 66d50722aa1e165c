package filefields

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// EVE writes the member "fileinfo" with the file's object, as Suricata's fileinfo records have it.
func EVE(w *jsonw.Writer, f *dissect.File) {
	w.Key("fileinfo")
	EVEObject(w, f)
}

// EVEObject writes the file's object as a value: of fileinfo, and of the files of an alert.
func EVEObject(w *jsonw.Writer, f *dissect.File) {
	w.Object()
	w.Key("filename")
	w.Bytes(f.Name)
	sids := false
	f.EachSID(func(sid uint32) {
		if !sids {
			w.OpenArray("sid")
			sids = true
		}
		w.Uint(uint64(sid))
	})
	if sids {
		w.EndArray()
	}
	if d := Describe(f); d != nil {
		w.Key("magic")
		w.Bytes(d)
	}
	w.Key("gaps")
	w.Bool(f.Gaps)
	w.Key("state")
	w.Str(f.State.String())
	if f.State == dissect.FileClosed {
		hexMember(w, "md5", f.MD5)
		hexMember(w, "sha1", f.SHA1)
	}
	hexMember(w, "sha256", f.SHA256)
	w.Key("stored")
	w.Bool(f.Kept)
	switch {
	case f.Kept:
		w.Key("file_id")
		w.Uint(uint64(f.ID))
	case f.Storing():
		w.Key("storing")
		w.Bool(true)
	}
	w.Key("size")
	w.Uint(f.Size)
	if f.Range {
		w.Key("start")
		w.Uint(f.Start)
		w.Key("end")
		w.Uint(f.End)
	}
	w.Key("tx_id")
	w.Uint(f.TxID)
	w.End()
}

func hexMember(w *jsonw.Writer, key string, sum []byte) {
	if len(sum) > 0 {
		w.Key(key)
		w.Hex(sum)
	}
}
