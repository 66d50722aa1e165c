package config

import (
	"testing"

	"github.com/luanids/luanids/engine"
)

// TestTLSStoreSettings is what the guide says of tls-store: nothing is stored unless it is enabled.
func TestTLSStoreSettings(t *testing.T) {
	for _, c := range []struct{ enabled, named, dir, want string }{
		{"", "", "", ""},
		{"no", "kept", "", ""},
		{"", "kept", "", ""},
		{"yes", "", "", "certs"},
		{"yes", "kept", "", "kept"},
		{"no", "kept", "ours", "ours"},
	} {
		cfg := engine.DefaultConfig()
		cfg.TLSStore.Dir = c.dir
		for key, value := range map[string]string{"enabled": c.enabled, "certs-log-dir": c.named} {
			if value == "" {
				continue
			}
			if known, err := Set(&cfg, "outputs.tls-store."+key, value); !known || err != nil {
				t.Errorf("%s=%s: known %v, %v", key, value, known, err)
			}
		}
		if got := cfg.TLSStore.Folder(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	cfg := engine.DefaultConfig()
	if _, err := Set(&cfg, "outputs.tls-store.enabled", "perhaps"); err == nil {
		t.Error("enabled takes anything")
	}
}
