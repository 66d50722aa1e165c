//go:build unix

package watch

import (
	"io/fs"
	"syscall"
)

// identity tells files apart that have the same size and times.
type identity struct{ dev, ino uint64 }

func identityOf(info fs.FileInfo) identity {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return identity{uint64(s.Dev), s.Ino}
	}
	return identity{}
}
