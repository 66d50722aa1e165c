package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/eve"
)

// setReferences reads a reference.config. Suricata's configuration names one by default: that it is not there is no mistake
// of whoever passes that configuration on.
func setReferences(c *engine.Config, _ []string, v string) error {
	file, err := os.Open(v)
	if errors.Is(err, fs.ErrNotExist) && filepath.Base(v) == "reference.config" {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	refs, err := eve.ReadReferences(v, file)
	if err != nil {
		return err
	}
	c.EVEOptions.References = refs
	return nil
}
