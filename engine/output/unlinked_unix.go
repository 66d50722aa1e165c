//go:build unix

package output

import (
	"io/fs"
	"syscall"
)

// Unlinked tells of an open file that it has no name any more: what is written to it is lost.
func Unlinked(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 0
}
