// Package match compiles rules (package ir) into a Program, and judges events with it.
//
// Compile derives the event at which each rule is judged, and picks for each a literal that
// must occur in a buffer known by then. Per event, the literals of one buffer form one mpm.Set: a buffer is scanned
// once, and a rule whose literal did not occur costs nothing. Rules without a literal hang below the value of
// a number that they ask for (a port, an ICMP type), or else below their header (protocol, direction, ports, addresses), which rules
// share. Of the rules left, each has its header tested first, then its terms, cheapest first; values and tests that
// several rules share are computed once an event.
//
// A Program is immutable. Each worker has its Matcher, which allocates nothing in steady
// state. What spans flows (thresholds, host state, sequences) is kept by one State, which gets the values
// that Matcher.Capture took.
package match
