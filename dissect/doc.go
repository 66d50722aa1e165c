// Package dissect is the contract between the engine and the protocols: what a protocol
// declares about itself (Spec), how its parser is fed and what it emits (Parser, Ctx), and
// the fields that rules, Lua and outputs read (Field, Env).
//
// A protocol is one folder below this one, which exports one Spec value, and one line in
// dissect/protocols. The field table of the Spec is the only place where a field is described.
package dissect
