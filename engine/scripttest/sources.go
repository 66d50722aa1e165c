package scripttest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/luanids/luanids/engine/ruleset"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/lua/luatest"
	"github.com/luanids/luanids/scripts"
)

// Sources reads scripts, less their tests: files, folders, and the name default for those that ship. modules are the
// folders in which require looks.
func Sources(names []string) (list []lua.Source, modules []fs.FS, err error) {
	for _, name := range names {
		fsys, dir, pattern := fs.FS(scripts.FS), "scripts", "*.lua"
		if name != ruleset.Default {
			info, err := os.Stat(name)
			if err != nil {
				return nil, nil, fmt.Errorf("scripts: %w", err)
			}
			if dir = name; !info.IsDir() {
				dir, pattern = filepath.Dir(name), filepath.Base(name)
			}
			fsys = os.DirFS(dir)
		}
		found, err := fs.Glob(fsys, pattern)
		if err != nil {
			return nil, nil, fmt.Errorf("scripts: %w", err)
		}
		for _, n := range found {
			if strings.HasSuffix(n, luatest.Suffix) {
				continue
			}
			text, err := fs.ReadFile(fsys, n)
			if err != nil {
				return nil, nil, fmt.Errorf("scripts: %w", err)
			}
			list = append(list, lua.Source{Name: filepath.Join(dir, n), Text: string(text)})
		}
		modules = append(modules, fsys)
	}
	return list, modules, nil
}
