// Package suricata reads rules of Suricata's syntax (version 8, and the older forms that rule sets in
// use still have) and translates them into package ir. Names of keywords, and what they mean, are those of
// the Suricata User Guide, chapter "Rules".
//
// Load splits a file into rules (scan.go), reads header and options of each (header.go, keywords.go and the files
// beside it), and puts the conditions together (finish.go). Most keywords need no code: a
// sticky buffer or number is looked up in the Schema under the keyword's own name, or under the name that
// the tables of buffers.go and numbers.go give it, so that the keywords of a protocol load as soon as its fields are there.
//
// A rule that cannot be translated exactly is skipped with the keyword and the reason: a rule never matches
// more than its author meant.
package suricata
