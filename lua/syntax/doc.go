// Package syntax reads Lua 5.1 (with goto) for checking: what keeps the places of all names, which the
// interpreter's own parser does not, resolves names to their locals, and words errors for people, with what other
// languages write in the place of what Lua wants. It makes nothing that runs.
package syntax
