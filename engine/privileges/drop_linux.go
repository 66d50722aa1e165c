package privileges

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// Always readable: what the Go runtime, the resolver and the metrics of the process itself look at.
var systemRead = []string{"/etc/localtime", "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
	"/etc/passwd", "/etc/group", "/usr/share/zoneinfo", "/sys/class/net", "/sys/devices", "/etc/ssl/certs"}

// Always writable.
var systemWrite = []string{"/dev/null", "/dev/log", "/dev/tty"}

// Drop gives up privileges, on all threads and for good. It needs no privileges itself: what the
// process does not have it cannot lose. After an error the process must not go on.
func Drop(o Options) (*Report, error) {
	who, err := choose(o.User, os.Getuid(), os.Getgid(), user.Lookup)
	if err != nil {
		return nil, err
	}
	keep, err := values(o.KeepCaps)
	if err != nil {
		return nil, err
	}
	r := &Report{User: who.name, UID: who.uid, GID: who.gid}
	if _, _, e := psx.Syscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); e != 0 {
		return nil, fmt.Errorf("no_new_privs: %w", e)
	}
	giveOutputs(o.Outputs, who, r)
	giveFolders(o.Made, who, r)
	if !o.NoLandlock {
		// Before the user changes, whom a folder on the way may keep out.
		if err := restrict(&o, r); err != nil {
			return nil, err
		}
	}
	dropBounding(keep)
	if who.change {
		if err := changeUser(who, len(keep) > 0); err != nil {
			return nil, err
		}
	}
	if err := dropCaps(keep); err != nil {
		return nil, err
	}
	checkReadable(&o, who, r)
	checkWritable(&o, who, r)
	return r, nil
}

func values(names []string) ([]cap.Value, error) {
	var list []cap.Value
	for _, n := range names {
		v, err := cap.FromName(n)
		if err != nil {
			return nil, fmt.Errorf("capability %q: %w", n, err)
		}
		list = append(list, v)
	}
	return list, nil
}

// dropBounding empties the bounding set. Only cap_setpcap may; without it (file capabilities), nothing
// can be gained by exec all the same, because of no_new_privs.
func dropBounding(keep []cap.Value) {
	if on, err := cap.GetProc().GetFlag(cap.Effective, cap.SETPCAP); err != nil || !on {
		return
	}
	for v := cap.Value(0); v < cap.MaxBits(); v++ {
		if on, err := cap.GetBound(v); err == nil && on && !slices.Contains(keep, v) {
			_ = cap.DropBound(v)
		}
	}
}

// changeUser becomes who, on all threads (the libc and Go see to that). The kernel clears the
// capabilities with the last root id, unless they are to be kept.
func changeUser(who identity, keepCaps bool) error {
	if keepCaps {
		if _, _, e := psx.Syscall6(unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 1, 0, 0, 0, 0); e != 0 {
			return fmt.Errorf("keep capabilities: %w", e)
		}
	}
	if err := syscall.Setgroups([]int{who.gid}); err != nil {
		return fmt.Errorf("become %s: groups: %w", who.name, err)
	}
	if err := syscall.Setresgid(who.gid, who.gid, who.gid); err != nil {
		return fmt.Errorf("become %s: group %d: %w", who.name, who.gid, err)
	}
	if err := syscall.Setresuid(who.uid, who.uid, who.uid); err != nil {
		return fmt.Errorf("become %s: user %d: %w", who.name, who.uid, err)
	}
	if who.uid != 0 && syscall.Setuid(0) == nil {
		return fmt.Errorf("become %s: the way back to root is still open; refusing to go on", who.name)
	}
	return nil
}

// dropCaps empties all capability sets of all threads but for keep.
func dropCaps(keep []cap.Value) error {
	if err := cap.ResetAmbient(); err != nil {
		return fmt.Errorf("ambient capabilities: %w", err)
	}
	set := cap.NewSet()
	if len(keep) > 0 {
		had := cap.GetProc()
		for _, v := range keep {
			if on, err := had.GetFlag(cap.Permitted, v); err != nil || !on {
				continue // it was not there to be kept
			}
			if err := set.SetFlag(cap.Permitted, true, v); err != nil {
				return err
			}
			if err := set.SetFlag(cap.Effective, true, v); err != nil {
				return err
			}
		}
	}
	if err := set.SetProc(); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	return nil
}

// LandlockABI gives the version of Landlock that the kernel has switched on, 0 for none.
func LandlockABI() int {
	const version = 1 // LANDLOCK_CREATE_RULESET_VERSION
	n, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, version)
	if e != 0 {
		return 0
	}
	return int(n)
}

// restrict leaves the process only the files of o and what the system needs.
func restrict(o *Options, r *Report) error {
	if r.Landlock = LandlockABI(); r.Landlock == 0 {
		r.Warnings = append(r.Warnings, "the kernel has no Landlock (5.13 or later, and lsm=landlock,... on its command line), or the container's filter of system calls refuses it: any file that the user may open stays open to this process")
		return nil
	}
	read, readFiles := folders(o.Read)
	write, writeFiles := folders(append(append([]string(nil), o.Write...), o.Outputs...))
	var sys, sysFiles []string
	for _, p := range systemRead {
		info, err := os.Stat(p)
		switch {
		case err != nil:
		case info.IsDir():
			sys = append(sys, p)
		default:
			sysFiles = append(sysFiles, p)
		}
	}
	// Stored files are moved to another folder when they are complete. Before version 2 of the rules (Linux 5.19) that cannot be allowed,
	// and to ask for it would switch all of them off.
	outputs := landlock.RWDirs(write...).IgnoreIfMissing()
	if r.Landlock >= 2 {
		outputs = outputs.WithRefer()
	}
	// Version 8 of the rules, or what the kernel has of it: later ones restrict Unix sockets and UDP, of
	// which the syslog output needs both.
	err := landlock.V8.BestEffort().RestrictPaths(
		landlock.RODirs(append(read, sys...)...).IgnoreIfMissing(),
		landlock.ROFiles(append(readFiles, sysFiles...)...).IgnoreIfMissing(),
		landlock.RODirs("/proc/self").IgnoreIfMissing(),
		outputs,
		landlock.RWFiles(append(writeFiles, systemWrite...)...).IgnoreIfMissing(),
	)
	if err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	return nil
}

// giveFolders makes folders that belong to root the user's, so that files can be made in them.
func giveFolders(paths []string, who identity, r *Report) {
	if !who.change || who.uid == 0 {
		return
	}
	for _, p := range paths {
		var st unix.Stat_t
		if unix.Lstat(p, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Uid != 0 {
			continue
		}
		if err := unix.Lchown(p, who.uid, who.gid); err != nil {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s belongs to root and cannot be given to %s: %v", p, who.name, err))
		}
	}
}

// giveOutputs makes outputs that belong to root the user's, so that they can be opened again.
func giveOutputs(paths []string, who identity, r *Report) {
	if !who.change || who.uid == 0 {
		return
	}
	for _, p := range paths {
		for _, name := range []string{p, p + "-wal", p + "-shm"} {
			var st unix.Stat_t
			if unix.Lstat(name, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != 0 {
				continue
			}
			if err := unix.Lchown(name, who.uid, who.gid); err != nil {
				r.Warnings = append(r.Warnings, fmt.Sprintf("%s belongs to root and cannot be given to %s (%v): it cannot be opened again after a rotation or reload", name, who.name, err))
			}
		}
	}
}

// checkReadable warns of files that the user may not read: a reload would fail there.
func checkReadable(o *Options, who identity, r *Report) {
	var closed []string
	for _, p := range o.Read {
		if p == "" || p == "-" {
			continue
		}
		var st unix.Stat_t
		err := unix.Stat(p, &st)
		if err == nil {
			err = unix.Faccessat(unix.AT_FDCWD, p, unix.R_OK, unix.AT_EACCESS)
		}
		if err == unix.EACCES && !slices.Contains(closed, p) {
			closed = append(closed, p)
		}
	}
	if len(closed) > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s may not read %s: a reload will fail there; let that user read it, or name another user",
			who.name, strings.Join(closed, ", ")))
	}
}

// checkWritable warns of folders in which the user cannot make files: a rotation would fail there, hours later.
func checkWritable(o *Options, who identity, r *Report) {
	dirs, _ := folders(o.Write)
	for _, d := range dirs {
		if strings.HasPrefix(d, "/dev") || strings.HasPrefix(d, "/proc") {
			continue
		}
		if err := unix.Faccessat(unix.AT_FDCWD, d, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s may not make files in %s: what is written there, such as rotated files, will fail; name a folder that belongs to %s",
				who.name, d, who.name))
		}
	}
}
