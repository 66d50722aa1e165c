package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestImportLarge compares rule sets of thousands with what import makes of them, where such are at hand.
func TestImportLarge(t *testing.T) {
	sets, _ := filepath.Glob("../../../shared/rulesets/et-*")
	if len(sets) == 0 || testing.Short() {
		t.Skip("no rule sets here")
	}
	call := func(args ...string) []byte {
		var out, errs bytes.Buffer
		code := run(context.Background(), &env{args: args, stdin: bytes.NewReader(nil), stdout: &out, stderr: &errs, getenv: os.Getenv})
		if code != exitOK {
			t.Fatalf("%.60q: exit code %d: %.2000s", args, code, errs.String())
		}
		return out.Bytes()
	}
	for _, dir := range sets {
		files, _ := filepath.Glob(filepath.Join(dir, "*.rules"))
		text := filepath.Join(t.TempDir(), "imported.nids")
		call(append([]string{"import", "-o", text}, files...)...)
		given := call("-s", "none", "-f", "../../testdata/captures", "-r", dir, "--output", "json", "-q")
		got := call("-s", "none", "-f", "../../testdata/captures", "-r", text, "--output", "json", "-q")
		if len(given) == 0 || !bytes.Equal(given, got) {
			t.Errorf("%s: %d lines of alerts before, %d after", dir, bytes.Count(given, []byte("\n")), bytes.Count(got, []byte("\n")))
		}
	}
}

// TestImportPyNIDS compares YAML rules with what import makes of them, on all captures.
func TestImportPyNIDS(t *testing.T) {
	const yaml = "../../lang/pynids/testdata/web.yaml"
	call := func(args ...string) []byte {
		var out, errs bytes.Buffer
		code := run(context.Background(), &env{args: args, stdin: bytes.NewReader(nil), stdout: &out, stderr: &errs, getenv: os.Getenv})
		if code != exitOK {
			t.Fatalf("%.60q: exit code %d: %.2000s", args, code, errs.String())
		}
		return out.Bytes()
	}
	text := filepath.Join(t.TempDir(), "imported.nids")
	call("import", "-o", text, yaml)
	given := call("-s", "none", "-f", "../../testdata/captures", "-r", yaml, "--output", "json", "-q")
	got := call("-s", "none", "-f", "../../testdata/captures", "-r", text, "--output", "json", "-q")
	for _, id := range []string{"SIG-WEB-001", "SIG-DNS-001", "SIG-SSH-001", "SIG-TLS-001", "SIG-SMTP-001", "SIG-NET-001"} {
		if !bytes.Contains(given, []byte(`"rule_id":"`+id+`"`)) {
			t.Errorf("%s raised no alert", id)
		}
	}
	if !bytes.Equal(given, got) {
		t.Errorf("%d lines of alerts before, %d after", bytes.Count(given, []byte("\n")), bytes.Count(got, []byte("\n")))
	}
}
