// Package privileges gives up what the process needs no more once its sockets are open: the root
// user, capabilities on every thread, new privileges by exec, and the files that it was not told
// to read or write.
//
// The order of a start is: open rings, raw sockets and outputs, load rules, then Drop, then look at
// the first packet. What an attacker sends is only ever parsed without privileges.
package privileges

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Default users of a process that was started as root and not told whom to become.
const (
	ServiceUser  = "luanids" // made by the package
	FallbackUser = "nobody"
	// Keep is the name that stays whoever the process is.
	Keep = "root"
)

// Options say what is kept.
type Options struct {
	// User is whom to become. "" is the user of the process, or, where that is root, ServiceUser if
	// it exists and else FallbackUser. Keep stays root, without capabilities.
	User string
	// KeepCaps are capabilities that stay, by their kernel names ("cap_net_raw"); nil for none.
	KeepCaps []string
	// Read are files and folders that may be read, Write folders and files that may also be
	// written. A file stands for its folder, since a reload by rename makes another file of the
	// same name. What does not exist is left out.
	Read, Write []string
	// Outputs are files that are open. Their folders may be written as far as Landlock goes, and those that belong to
	// root are given to the user, so that it can open them again. Where more files are to be made in a folder, it
	// belongs to Write as well.
	Outputs []string
	// Made are empty folders, for files that are still to come; those that belong to root are given to the user. They are in
	// Write too.
	Made []string
	// NoLandlock leaves the file system as it is.
	NoLandlock bool
}

// Report tells what was done.
type Report struct {
	User     string // who the process is now
	UID, GID int
	// Landlock is the kernel's ABI version, 0 where it has none.
	Landlock int
	// Warnings are for the person who runs the process: what is weaker than it should be, and
	// what will go wrong later.
	Warnings []string
}

// String says it in one line for the log.
func (r *Report) String() string {
	box := "no Landlock"
	if r.Landlock > 0 {
		box = fmt.Sprintf("Landlock ABI %d", r.Landlock)
	}
	return fmt.Sprintf("running as %s (uid %d), %s", r.User, r.UID, box)
}

// identity is whom to become.
type identity struct {
	name     string
	uid, gid int
	change   bool
}

// choose finds out whom to become. lookup is user.Lookup, but for tests.
func choose(want string, uid, gid int, lookup func(string) (*user.User, error)) (identity, error) {
	self := identity{name: strconv.Itoa(uid), uid: uid, gid: gid}
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		self.name = u.Username
	}
	switch {
	case want == "" && uid != 0, want == self.name, want == strconv.Itoa(uid):
		return self, nil
	case uid != 0:
		return self, fmt.Errorf("user %s: only root can become somebody else, and this is %s; leave it out", want, self.name)
	case want == "":
		u, err := lookup(ServiceUser)
		if err != nil {
			if u, err = lookup(FallbackUser); err != nil {
				return self, fmt.Errorf("neither user %s nor %s exists: make one (adduser --system --group %s), or name one with --user; --user root stays root",
					ServiceUser, FallbackUser, ServiceUser)
			}
		}
		return become(u)
	}
	u, err := lookup(want)
	if err != nil {
		return self, fmt.Errorf("user %s does not exist: make it (adduser --system --group %s), or name another", want, want)
	}
	return become(u)
}

func become(u *user.User) (identity, error) {
	uid, err := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err = errors.Join(err, err2); err != nil {
		return identity{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	return identity{name: u.Username, uid: uid, gid: gid, change: true}, nil
}

// folders gives the folders of the paths: themselves, or what a file is in. What does not exist and the root folder
// are left out; a file in the root folder stays a file, so that it does not open everything.
func folders(paths []string) (dirs, files []string) {
	for _, p := range paths {
		abs, err := filepath.Abs(p)
		if err != nil || p == "" || p == "-" {
			continue
		}
		info, err := os.Stat(abs)
		dir := filepath.Dir(abs)
		switch {
		case err == nil && info.IsDir():
			dirs = append(dirs, abs)
		case strings.HasPrefix(abs, "/dev/"), dir == "/":
			if err == nil {
				files = append(files, abs)
			}
		default:
			if _, err := os.Stat(dir); err == nil {
				dirs = append(dirs, dir)
			}
			// What a symbolic link names lies elsewhere.
			if to, err := filepath.EvalSymlinks(abs); err == nil && filepath.Dir(to) != dir {
				dirs = append(dirs, filepath.Dir(to))
			}
		}
	}
	slices.Sort(dirs)
	slices.Sort(files)
	return slices.Compact(dirs), slices.Compact(files)
}
