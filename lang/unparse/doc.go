// Package unparse writes typed rules as .nids text: what `luanids import` prints of rules in
// other formats. Loading the text gives equal rules.
package unparse
