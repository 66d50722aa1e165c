// Package scripts holds the Lua detectors that ship with the program, and their tests.
package scripts

import "embed"

// FS holds the detectors (*.lua) and their tests (*_test.lua), in its root.
//
//go:embed *.lua
var FS embed.FS
