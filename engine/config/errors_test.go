package config

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/luanids/luanids/lang/diag"
)

// TestErrors compares what is said about each file in testdata/errors with what is in it.
// go test -update writes it anew.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var text, want []byte
			for _, f := range ar.Files {
				switch f.Name {
				case "luanids.yaml":
					text = f.Data
				case "want":
					want = f.Data
				}
			}
			s := Default()
			list := s.Read("luanids.yaml", text)
			if list.Errors() == 0 {
				list = append(list, s.check("luanids.yaml", text)...)
			}
			var got bytes.Buffer
			if err := diag.Text(&got, list, func(string) []byte { return text }, 0); err != nil {
				t.Fatal(err)
			}
			if *update {
				ar.Files = []txtar.File{{Name: "luanids.yaml", Data: text}, {Name: "want", Data: got.Bytes()}}
				if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want)
			}
		})
	}
}
