// Package rules holds the rules that ship with the program. They run when no others are named.
package rules

import "embed"

// FS holds the rule files, in its root.
//
//go:embed *.nids
var FS embed.FS
