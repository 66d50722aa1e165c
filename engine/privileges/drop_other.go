//go:build !linux

package privileges

import (
	"os"
	"os/user"
)

// Drop checks the user and says that privileges stay: giving them up is for Linux only.
func Drop(o Options) (*Report, error) {
	who, err := choose(o.User, os.Getuid(), os.Getgid(), user.Lookup)
	if err != nil {
		return nil, err
	}
	return &Report{User: who.name, UID: os.Getuid(), GID: os.Getgid(),
		Warnings: []string{"privileges are given up on Linux only: the process keeps those that it has"}}, nil
}

// LandlockABI gives 0: there is no Landlock.
func LandlockABI() int { return 0 }
