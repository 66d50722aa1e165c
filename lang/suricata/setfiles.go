package suricata

import (
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/luanids/luanids/lang/ir"
)

// SetFiles says where data sets of rules are written that have state or save, and what rules may ask. What a rule names is a file in Dir: rules
// come from elsewhere, and must not overwrite anything else.
type SetFiles struct {
	// Dir is the folder of these files. With "" none is written, and state is read beside the rules' file.
	Dir string
	// Absolute lets rules name files anywhere (datasets.rules.allow-absolute-filenames).
	Absolute bool
	// NoWrite leaves rules out that have state or save (datasets.rules.allow-write).
	NoWrite bool
}

// maxSetName is how long the name of a set may be.
const maxSetName = 63

// checkSetName tells what is wrong with the name of a set.
func checkSetName(name string) *problem {
	if len(name) > maxSetName {
		return fail("the name of a set has at most %d characters, found %d", maxSetName, len(name))
	}
	if strings.ContainsAny(name, " \t") {
		return fail("the name of a set has no blanks, found %q", name)
	}
	return nil
}

// place finds the file that a rule names with state or save. written is false where nothing is written.
func (f *SetFiles) place(option, name string) (path string, written bool, p *problem) {
	if f.NoWrite {
		return "", false, fail("%s: the settings do not let rules write (datasets.rules.allow-write)", option)
	}
	if outside := filepath.IsAbs(name) || slices.Contains(strings.Split(name, "/"), ".."); outside && !f.Absolute {
		return "", false, fail("%s %s: a rule may name files in the folder of data sets only (rules.data_dir), unless datasets.rules.allow-absolute-filenames is true", option, name)
	}
	if filepath.IsAbs(name) {
		return name, true, nil
	}
	if f.Dir == "" {
		return name, false, nil
	}
	return filepath.Join(f.Dir, name), true, nil
}

// files finds the files that the options of a set name: what it is loaded from, and written to; "" for none.
func (l *loader) files(o *setOptions) (load, save string, p *problem) {
	f := &l.opt.SetFiles
	switch {
	case o.state != "":
		path, written, p := f.place("state", o.state)
		if p != nil || !written {
			return path, "", p
		}
		return path, path, nil
	case o.save != "":
		path, written, p := f.place("save", o.save)
		if p != nil || !written {
			return o.load, "", p
		}
		return o.load, path, nil
	}
	return o.load, "", nil
}

// fill gives a set its type and files, and the values of its file, once. With mayMiss the file need not be there.
func (l *loader) fill(x *sharedSet, kind, load, save string, mayMiss bool) *problem {
	if kind != "" {
		x.set.Type = kind
	}
	if save != "" && x.set.Save != "" && x.set.Save != save {
		return fail("the set %s is saved to %s elsewhere", x.set.Name, x.set.Save)
	}
	if save != "" {
		x.set.Save = save
	}
	if load == "" || x.loaded == load {
		return nil
	}
	if x.loaded != "" {
		return fail("the set %s is loaded from %s elsewhere", x.set.Name, x.loaded)
	}
	read := l.readFile
	if load == save { // written by us: nothing that changed, and would have to be loaded again
		read = l.readOwn
	}
	text, err := read(load)
	if err != nil {
		if mayMiss {
			x.loaded = load
			return nil
		}
		return err
	}
	if err := readSet(x.set, load, text); err != nil {
		return err
	}
	x.loaded = load
	return nil
}

// readOwn reads a file that nobody but the engine writes.
func (l *loader) readOwn(name string) ([]byte, *problem) {
	quiet := &loader{file: l.file, opt: l.opt}
	quiet.opt.OnRead = nil
	return quiet.readFile(name)
}

// readSet reads the file of a set: a value a line, as the set's type has it. What stands behind a comma is the value's reputation, which is for
// datarep.
func readSet(set *ir.Dataset, name string, text []byte) *problem {
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if line, _, _ = strings.Cut(line, ","); strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		value, err := setValue(set.Type, strings.TrimSpace(line))
		if err != nil {
			return fail("%s:%d: %s", name, n, err.why)
		}
		set.Load = append(set.Load, value)
	}
	return nil
}

// Fill gives a data set of .nids rules what settings declare of it.
func (s *Set) Fill(set *ir.Dataset, onRead func(name string)) error {
	l := &loader{opt: Options{OnRead: onRead}}
	x := &sharedSet{set: set}
	kind, p := setKind(s.Type)
	if p == nil {
		p = l.fill(x, kind, s.File, s.Save, s.Save != "")
	}
	if p != nil {
		return &setError{p.why}
	}
	return nil
}

type setError struct{ why string }

func (e *setError) Error() string { return e.why }

// setKind reads the type of a set.
func setKind(s string) (string, *problem) {
	switch s {
	case "string", "md5", "sha256", "ipv4", "ip":
		return s, nil
	case "ipv6": // as Suricata has it
		return "ip", nil
	}
	return "", fail("the type of a set is string, md5, sha256, ipv4 or ip, found %q", s)
}

// setValue reads a value as files of data sets have it.
func setValue(kind, s string) ([]byte, *problem) {
	switch kind {
	case "string":
		if v, err := base64.StdEncoding.DecodeString(s); err == nil {
			return v, nil
		}
		return nil, fail("%q in the file is no base64", s)
	case "md5", "sha256":
		v, err := hex.DecodeString(s)
		if err == nil && len(v) == digestSizes[kind] {
			return v, nil
		}
		return nil, fail("%q in the file is no %s", s, kind)
	case "ip", "ipv4":
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return nil, fail("%q in the file is no address", s)
		}
		if kind == "ipv4" && !a.Unmap().Is4() {
			return nil, fail("%q in the file is no address of IPv4: the set's type may be ip", s)
		}
		v := a.As16()
		return v[:], nil
	}
	return nil, fail("the type of the set must be string, md5, sha256, ipv4 or ip")
}

// digestSizes are the bytes of a value by the type of its set.
var digestSizes = map[string]int{"md5": 16, "sha256": 32}
