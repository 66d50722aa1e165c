package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/luanids/luanids/engine"
)

func TestReferenceConfig(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "refs.txt"), filepath.Join(dir, "bad.txt")
	for name, text := range map[string]string{good: "config reference: url https://go.example/\n", bad: "\nconfig reference url\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := engine.DefaultConfig()
	if _, err := Set(&c, "reference-config-file", filepath.Join(dir, "reference.config")); err != nil {
		t.Errorf("Suricata's default: %v", err)
	}
	if _, err := Set(&c, "reference-config-file", filepath.Join(dir, "missing.txt")); err == nil {
		t.Error("a missing file is no error")
	}
	if _, err := Set(&c, "reference-config-file", bad); err == nil || !strings.Contains(err.Error(), "bad.txt:2: ") {
		t.Errorf("error %v", err)
	}
	if _, err := Set(&c, "reference-config-file", good); err != nil || c.EVEOptions.References["url"] != "https://go.example/" {
		t.Errorf("%v %v", err, c.EVEOptions.References)
	}
}
