package lua

import (
	"io/fs"
	"strings"
)

// modulePath is the file of a module: lib.util is lib/util.lua.
func modulePath(name string) string {
	return strings.ReplaceAll(name, ".", "/") + ".lua"
}

// findModule reads a module from the first script folder that has it.
func (v *vm) findModule(name string) (Source, bool) {
	file := modulePath(name)
	if !fs.ValidPath(file) {
		return Source{}, false
	}
	for _, fsys := range v.rt.opt.Modules {
		info, err := fs.Stat(fsys, file)
		if err != nil || !info.Mode().IsRegular() || info.Size() > int64(v.limits.Source) {
			continue
		}
		if b, err := fs.ReadFile(fsys, file); err == nil {
			return Source{Name: file, Text: string(b)}, true
		}
	}
	return Source{}, false
}
