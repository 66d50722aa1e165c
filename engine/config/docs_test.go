package config

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write the generated files anew")

const (
	docFile  = "../../docs/configuration.md"
	docBegin = "<!-- settings: made by go test ./engine/config -update -->\n"
	docEnd   = "<!-- end of settings -->\n"
)

// TestShippedFile holds the file that ships and the reference equal to the tables.
func TestShippedFile(t *testing.T) {
	if *update {
		if err := os.WriteFile("luanids.yaml", Example(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(Shipped, Example()) {
		t.Error("luanids.yaml is not what the tables say: run go test ./engine/config -update")
	}
}

func TestReference(t *testing.T) {
	text, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	from, to := bytes.Index(text, []byte(docBegin)), bytes.Index(text, []byte(docEnd))
	if from < 0 || to < from {
		t.Fatalf("%s has no part for the settings", docFile)
	}
	from += len(docBegin)
	if *update {
		whole := append(append(bytes.Clone(text[:from]), Markdown()...), text[to:]...)
		if err := os.WriteFile(docFile, whole, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(text[from:to], Markdown()) {
		t.Errorf("%s is not what the tables say: run go test ./engine/config -update", docFile)
	}
}
