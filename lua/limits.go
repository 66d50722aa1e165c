package lua

import (
	"sync"

	glua "github.com/yuin/gopher-lua"
)

// Limits bound what one script can use.
type Limits struct {
	// Instructions that one callback may execute. Native functions count by the work that they do:
	// about one for each 64 bytes that are looked at or made.
	Instructions int64
	// LoadInstructions is the same for a script's top level.
	LoadInstructions int64
	// Memory that a script's values may take, stores included, bytes (an estimate: see memory.go). Past it stores
	// lose their least used half before the script is stopped.
	Memory int64
	// Total is what the values of all scripts may take together, bytes. Past it the largest store of the largest script
	// loses its least used half.
	Total int64
	// StringBytes is the longest string that a script can make.
	StringBytes int
	// CallDepth is how deep calls may be nested.
	CallDepth int
	// PatternSteps is how many steps one match of a Lua pattern may take.
	PatternSteps int
	// Errors is how many errors stop a script. A thousand callbacks without one make up for an error.
	Errors int
	// Handlers, Detectors, Stores, Metrics are how many of them a script may register.
	Handlers, Detectors, Stores, Metrics int
	// Source is the longest script, bytes.
	Source int
}

// DefaultLimits gives limits that no sound script meets.
func DefaultLimits() Limits {
	return Limits{
		Instructions: 5e6, LoadInstructions: 20e6, Memory: 256 << 20, Total: 96 << 20, StringBytes: 4 << 20,
		CallDepth: 200, PatternSteps: 200e3, Errors: 10,
		Handlers: 256, Detectors: 64, Stores: 64, Metrics: 256, Source: 1 << 20,
	}
}

func (l *Limits) fill() {
	d := DefaultLimits()
	for _, p := range []struct {
		v *int64
		d int64
	}{{&l.Instructions, d.Instructions}, {&l.LoadInstructions, d.LoadInstructions}, {&l.Memory, d.Memory}, {&l.Total, d.Total}} {
		if *p.v <= 0 {
			*p.v = p.d
		}
	}
	for _, p := range []struct{ v, d *int }{
		{&l.StringBytes, &d.StringBytes}, {&l.CallDepth, &d.CallDepth}, {&l.PatternSteps, &d.PatternSteps},
		{&l.Errors, &d.Errors}, {&l.Handlers, &d.Handlers}, {&l.Detectors, &d.Detectors},
		{&l.Stores, &d.Stores}, {&l.Metrics, &d.Metrics}, {&l.Source, &d.Source},
	} {
		if *p.v <= 0 {
			*p.v = *p.d
		}
	}
}

// maxArrayIndex is the largest index that a table keeps in its array part. An assignment past the
// end fills the array up to it, 16 bytes each, in one instruction: the interpreter's own limit
// would be 1 GB.
const maxArrayIndex = 2 << 20

// capArrays sets the interpreter's limit, which is global to the process.
var capArrays = sync.OnceFunc(func() { glua.MaxArrayIndex = maxArrayIndex })

// Registry sizes of a VM, in values of 16 bytes.
const (
	registrySize    = 1 << 10
	registryMaxSize = 64 << 10
	registryStep    = 1 << 10
)
