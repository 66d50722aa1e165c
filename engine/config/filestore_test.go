package config

import (
	"testing"

	"github.com/luanids/luanids/engine"
)

// TestFileStoreSettings is what the guide says of file-store, and of the record type files.
func TestFileStoreSettings(t *testing.T) {
	for _, c := range []struct {
		key, value string
		holds      func(*engine.Config) bool
	}{
		{"outputs.file-store.enabled", "yes", func(c *engine.Config) bool { return c.FileStore.Folder() == "filestore" }},
		{"outputs.file-store.enabled", "no", func(c *engine.Config) bool { return c.FileStore.Folder() == "" }},
		{"outputs.file-store.dir", "kept", func(c *engine.Config) bool { return c.FileStore.Folder() == "" && c.FileStore.Named == "kept" }},
		{"outputs.file-store.force-filestore", "yes", func(c *engine.Config) bool { return c.FileStore.All }},
		{"outputs.file-store.write-fileinfo", "yes", func(c *engine.Config) bool { return c.FileStore.WriteInfo }},
		{"outputs.file-store.stream-depth", "no", func(c *engine.Config) bool { return !c.FileStore.Unlimited && c.TCP.FileDepth == 0 }},
		{"outputs.file-store.stream-depth", "0", func(c *engine.Config) bool { return c.FileStore.Unlimited }},
		{"outputs.file-store.stream-depth", "4mb", func(c *engine.Config) bool { return !c.FileStore.Unlimited && c.TCP.FileDepth == 4<<20 }},
		{"outputs.file-store.max-open-files", "1000", func(c *engine.Config) bool { return true }},
		{"outputs.file-store.force-hash", "[md5, sha1]", func(c *engine.Config) bool { return c.Limits.HashMD5 && c.Limits.HashSHA1 }},
		{"outputs.file-store.force-hash.0", "md5", func(c *engine.Config) bool { return c.Limits.HashMD5 && !c.Limits.HashSHA1 }},
		{"outputs.eve-log.types.files.force-hash", "sha1", func(c *engine.Config) bool { return c.Limits.HashSHA1 && !c.Limits.HashMD5 }},
		{"outputs.eve-log.types.files.force-filestore", "yes", func(c *engine.Config) bool { return c.FileStore.All }},
	} {
		cfg := engine.DefaultConfig()
		if known, err := Set(&cfg, c.key, c.value); !known || err != nil || !c.holds(&cfg) {
			t.Errorf("%s=%s: known %v, %v, %+v", c.key, c.value, known, err, cfg.FileStore)
		}
	}
}
