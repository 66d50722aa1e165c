package engine

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/google/renameio/v2"

	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
)

// Data sets that have a file are written when the run ends, and when rules are loaded anew: those of the rules that ran until then. The ordered stage,
// which owns them, makes their text; the files are written by who asked for the reload, so that a slow disk does not hold up packets.

// savedSet is a data set as its file has it.
type savedSet struct {
	name, file string
	text       []byte
}

// setTexts gives the data sets of a program that have a file, as their files have them.
func setTexts(p *match.Program, state *match.State) (list []savedSet) {
	if p == nil {
		return nil
	}
	for _, d := range p.Datasets() {
		if d.Save != "" {
			list = append(list, savedSet{d.Name, d.Save, setText(d, state)})
		}
	}
	return list
}

// setText writes a value a line, as Suricata does: text in base64, digests in hexadecimal digits, addresses in full.
func setText(d *ir.Dataset, state *match.State) []byte {
	var b []byte
	state.DatasetValues(d, func(v string) {
		switch {
		case !d.Fits([]byte(v)):
			return
		case d.Type == "md5" || d.Type == "sha256":
			b = hex.AppendEncode(b, []byte(v))
		case d.Type == "ip" || d.Type == "ipv4":
			b = append(b, netip.AddrFrom16([16]byte([]byte(v))).Unmap().StringExpanded()...)
		default:
			b = base64.StdEncoding.AppendEncode(b, []byte(v))
		}
		b = append(b, '\n')
	})
	return b
}

// write puts the file in the place of the one before, or leaves that as it is. What is in it already is not written again.
func (s *savedSet) write() error {
	if old, err := os.ReadFile(s.file); err == nil && bytes.Equal(old, s.text) {
		return nil
	}
	mode := os.FileMode(0o640)
	if info, err := os.Stat(s.file); err == nil {
		mode = info.Mode().Perm()
	}
	return renameio.WriteFile(s.file, s.text, mode, renameio.WithTempDir(filepath.Dir(s.file)), renameio.IgnoreUmask())
}

// setCounts count the files of data sets that were written, and those that were not.
type setCounts struct{ saved, failed atomic.Uint64 }

// saveSets writes data sets. What could not be written is counted, and in the error.
func (e *Engine) saveSets(list []savedSet) error {
	var all []error
	for i := range list {
		if err := list[i].write(); err != nil {
			e.sets.failed.Add(1)
			all = append(all, fmt.Errorf("data set %s is not saved: %w", list[i].name, err))
			continue
		}
		e.sets.saved.Add(1)
	}
	return errors.Join(all...)
}

func (e *Engine) setCounters(c func(string, uint64)) {
	c("saved", e.sets.saved.Load())
	c("save_failed", e.sets.failed.Load())
}
