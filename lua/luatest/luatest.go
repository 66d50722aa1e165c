// Package luatest runs the tests of Lua detectors: *_test.lua beside the script that they test.
//
//	test("a beacon", { params = { score = 0.7 } }, function(t)
//	  for i = 1, 60 do
//	    t:flow { src = "10.0.0.5:4000", dst = "203.0.113.9:443", time = i * 60, bytes = { 500, 900 } }
//	  end
//	  t:expect("BEH-BEACON", 1)
//	end)
//
// Each test gets the script loaded anew. What it feeds are synthetic events: every field can be given by
// its name; filters are judged as in the engine, and packet time goes on with the events.
package luatest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/testrun"
	"github.com/luanids/luanids/lua"
)

// Options say how tests are run.
type Options struct {
	// Load is how the scripts under test are loaded; Host and Params are set by the tests.
	Load lua.Options
	// Replay runs a script on a capture, for t:replay, and gives its alerts. nil: tests that need it are
	// skipped.
	Replay func(capture string, script lua.Source, opt lua.Options) ([]lua.RecordedAlert, error)
}

// Result is what became of one test.
type Result struct {
	File    string
	Name    string
	Err     error // nil: passed
	Skipped string
}

// String is one line.
func (r *Result) String() string {
	switch {
	case r.Err != nil:
		return fmt.Sprintf("FAIL %s: %s: %v", r.File, r.Name, r.Err)
	case r.Skipped != "":
		return fmt.Sprintf("skip %s: %s: %s", r.File, r.Name, r.Skipped)
	}
	return fmt.Sprintf("ok   %s: %s", r.File, r.Name)
}

// Suffix is what names of test files end with.
const Suffix = "_test.lua"

// Run runs the tests in a file system: of all *_test.lua in its root, or of those named.
func Run(real *dissect.Schema, fsys fs.FS, names []string, opt Options) ([]Result, error) {
	if len(names) == 0 {
		var err error
		if names, err = fs.Glob(fsys, "*"+Suffix); err != nil {
			return nil, err
		}
	}
	schema, err := testrun.Schema(real)
	if err != nil {
		return nil, err
	}
	for _, s := range schema.Specs { // test messages do not change
		s.Clone = func(tx any) any { return tx }
	}
	var out []Result
	for _, name := range names {
		results, err := runFile(schema, fsys, name, opt)
		if err != nil {
			return out, err
		}
		out = append(out, results...)
	}
	return out, nil
}

// runFile runs the tests of one file.
func runFile(schema *dissect.Schema, fsys fs.FS, name string, opt Options) ([]Result, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	under := strings.TrimSuffix(name, Suffix) + ".lua"
	script, err := fs.ReadFile(fsys, under)
	if err != nil {
		return nil, fmt.Errorf("%s tests %s: %w", name, under, err)
	}
	f := &file{schema: schema, fsys: fsys, name: name, opt: opt, script: lua.Source{Name: under, Text: string(script)}}
	if err := f.run(string(text)); err != nil {
		return nil, err
	}
	return f.results, nil
}

// file is a test file while it runs.
type file struct {
	schema  *dissect.Schema
	fsys    fs.FS
	name    string
	opt     Options
	script  lua.Source
	results []Result
	rig     *rig
}

// errSkip ends a test that cannot be run here.
var errSkip = errors.New("captures cannot be replayed here")

func (f *file) run(text string) error {
	L := glua.NewState(glua.Options{SkipOpenLibs: true, CallStackSize: 200, RegistryMaxSize: 64 << 10, RegistrySize: 1 << 10, RegistryGrowStep: 1 << 10})
	defer L.Close()
	for _, open := range []glua.LGFunction{glua.OpenBase, glua.OpenString, glua.OpenTable, glua.OpenMath} {
		L.Push(L.NewFunction(open))
		L.Call(0, 0)
	}
	L.SetGlobal("test", L.NewFunction(f.test))
	fn, err := L.Load(strings.NewReader(text), f.name)
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	L.Push(fn)
	if err := L.PCall(0, 0, nil); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// test is test(name [, options], fn).
func (f *file) test(L *glua.LState) int {
	name := L.CheckString(1)
	options, fn := L.NewTable(), L.Get(L.GetTop())
	if L.GetTop() == 3 {
		options = L.CheckTable(2)
	}
	body, ok := fn.(*glua.LFunction)
	if !ok {
		L.ArgError(L.GetTop(), "a function is wanted")
	}
	r, err := f.newRig(options)
	if err == nil {
		f.rig = r
		L.Push(body)
		L.Push(r.object(L))
		err = L.PCall(1, 0, nil)
		if fail := r.failed(); fail != nil { // the reason, likely
			err = fail
		}
		r.close()
	}
	res := Result{File: f.name, Name: name, Err: shorten(err)}
	if err != nil && strings.Contains(err.Error(), errSkip.Error()) {
		res.Err, res.Skipped = nil, errSkip.Error()
	}
	f.results = append(f.results, res)
	return 0
}

// shorten leaves the traceback out of an error of a test.
func shorten(err error) error {
	var api *glua.ApiError
	if errors.As(err, &api) {
		return errors.New(api.Object.String())
	}
	return err
}

// base is a script's name without folder and .lua.
func base(name string) string { return strings.TrimSuffix(path.Base(name), ".lua") }
