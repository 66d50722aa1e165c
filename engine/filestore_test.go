package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// TestFileStore wants files under their digest, whatever their size, and nothing left of the others.
func TestFileStore(t *testing.T) {
	cfg := FileStore{Dir: filepath.Join(t.TempDir(), "files"), MaxSize: 1 << 20}
	if err := cfg.Prepare(); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(cfg.Dir, spoolDir, "file-left")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := cfg.Prepare(); err != nil {
		t.Fatal(err)
	}
	s := &fileStore{cfg: &cfg, warn: t.Errorf}
	for _, c := range []struct {
		size int
		keep bool
	}{{100, true}, {0, true}, {3 * spoolMemory, true}, {200, false}, {2 * spoolMemory, false}, {2 << 20, true}, {100, true}} {
		data := bytes.Repeat([]byte{byte(c.size), 'x'}, c.size/2)
		sum := sha256.Sum256(data)
		p := s.newSpool()
		for b := data; len(b) > 0; {
			n := min(len(b), 1400)
			p.Write(b[:n])
			b = b[n:]
		}
		stored := c.keep && p.Keep(sum[:])
		p.Free()
		if want := c.keep && c.size <= 1<<20; stored != want {
			t.Errorf("%d bytes: stored %v, want %v", c.size, stored, want)
		}
		name := hex.EncodeToString(sum[:])
		if got, err := os.ReadFile(filepath.Join(cfg.Dir, name[:2], name)); stored && (err != nil || !bytes.Equal(got, data)) {
			t.Errorf("%d bytes: %d in the file, %v", c.size, len(got), err)
		}
	}
	if s.tooLarge != 1 {
		t.Errorf("%d files counted as too large, want 1", s.tooLarge)
	}
	if rest, _ := os.ReadDir(filepath.Join(cfg.Dir, spoolDir)); len(rest) > 0 || s.open != 0 {
		t.Errorf("left: %v, %d open", rest, s.open)
	}
}
