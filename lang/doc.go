// Package lang is the .nids rule language as the rest of the program uses it: Load reads rule
// files and gives typed rules, or diagnostics. How it works is in the packages below: syntax
// (text to tree and back), check (names and types, tree to lang/ir), funcs (the functions),
// diag (all that is said to people).
package lang
