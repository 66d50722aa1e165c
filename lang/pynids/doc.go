// Package pynids reads the YAML rules of PyNIDS: match with all, any and not over field, op and
// value, thresholds, tags and ATT&CK techniques. A rule is written as .nids, and checked by the same code as
// rules that a person wrote, so that loading a YAML file and importing it give equal rules.
//
// PyNIDS judges rules on each packet with what its dissectors found in it. A test on a field that is not
// there is false whatever the operator, ne and not_in too; only not turns that around. The translation
// says so with exists(...).
package pynids
