// Package regex matches regular expressions of PCRE's syntax on bytes, without allocating.
//
// Expressions without look-around and back-references run in time linear in the input; the
// others (Regex.Backtracks) on a backtracking engine that gives up after StepLimit steps. Both read bytes, not
// UTF-8: \x80 is the byte 0x80. The result is Perl's: leftmost, first alternative first.
package regex
