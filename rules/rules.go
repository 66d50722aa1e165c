// Package rules holds the rules that ship, embedded in the binary.
package rules

import "embed"

// FS holds the .nids files of this folder.
//
//go:embed *.nids
var FS embed.FS
