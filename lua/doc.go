// Package lua runs detectors written in Lua: it compiles scripts, hands them events as lazy views
// over the field table, and gives them the native library nids.
//
// A script has a VM of its own, which one goroutine uses: the ordered stage, or for scripts that say
// nids.parallel() each worker. What a script registers at its top level (handlers, ticks, detectors,
// stores, predicates) is fixed from then on. The engine asks Runtime.Subscriptions what scripts want to see,
// compiles the filters into its matching tree, takes a Snapshot in the worker when one hits, and
// hands it to Runtime.Deliver in packet order.
//
// Nothing that a script does harms anyone else: instructions of a callback, memory, depth of calls, length
// of strings and steps of a pattern are bounded (Limits), and a script that runs away or keeps failing is stopped
// and said so, while the others run on. Instructions are counted, not time, so that a replay stops a script
// at the same place each time.
//
// The API is declared once, in the api_*.go files: the functions, their documentation, docs/lua.md, the
// annotations for language servers, and the names that Check knows all come from there.
package lua
