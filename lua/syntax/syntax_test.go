package syntax

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yuin/gopher-lua/parse"
)

func interpreterTakes(text string) bool {
	_, err := parse.Parse(strings.NewReader(text), "x.lua")
	return err == nil
}

// TestErrors: what is wrong, where, and what to write instead.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"x = = 1", "1:5 unexpected =: expected a value (a comparison is written ==)"},
		{"if x = 1 then end", "1:6 unexpected =: expected then (a comparison is written ==)"},
		{"if x != 1 then end", "1:6 != is no operator of Lua (Lua writes ~= for not equal)"},
		{"if a && b then end", "1:6 && is no operator of Lua (Lua writes and)"},
		{"n += 1", "1:3 unexpected +: expected = or a call (Lua has no +=: write x = x + ...)"},
		{"n++", "1:2 unexpected +: expected = or a call (Lua has no ++: write x = x + 1)"},
		{"local x = {a = 1 b = 2}", "1:18 unexpected b: expected } (is a comma missing before it?)"},
		{"local x = {\"a\": 1}", "1:15 unexpected :: expected = (Lua writes { name = value }, or { [\"name\"] = value })"},
		{"f(1, 2\ng()", "2:1 unexpected g: expected ) (`(` in line 1 is not closed)"},
		{"nids.on(\"x\", function(ev)\n  if ev then\n    f()\nend)\n", "4:4 unexpected ): expected end (`function` in line 1 is not closed)"},
		{"if a then\n  f()\nelse if b then\n  g()\nend\n", "6:1 the script ends too early: expected end (`if` in line 1 is not closed; `else if` in line 3 wants an end of its own, elseif does not)"},
		{"f()\nend", "2:1 unexpected end (there is one `end` too many)"},
		{"local s = \"abc\nprint(s)", "1:11 this string does not end (it ends with \" on the same line; [[ ... ]] goes over several)"},
		{"local s = [[abc", "1:11 this long string does not end (it ends with ]])"},
		{"local end = 1", "1:7 unexpected end: expected a name (end is a word of the language and cannot be a name)"},
		{"local w = 24h", "1:11 24h is no number (durations and sizes are texts: \"24h\")"},
		{"x", "1:1 this is a value, not a statement (a statement calls a function or assigns)"},
		{"f() = 1", "1:1 this cannot be assigned to"},
		{"x = “a”", "1:5 unexpected character \"“\" (names are of ASCII letters; quotes are \" or ')"},
		{"return 1 f()", "1:10 unexpected f: expected end (return is the last statement of a block)"},
		{"for i = 1 do end", "1:11 unexpected do (for i = FIRST, LAST [, STEP] do ... end)"},
		{"a:b", "1:4 the script ends too early: expected ( (a method is called: x:b())"},
		{"f(\"a == \"b\" and c\")", "1:10 unexpected b: expected ) (a string ended before it: within \"...\" write \\\", or use '...' around)"},
		{"x = a ? b : c", "1:7 ? is no operator of Lua (Lua has no ?: write cond and a or b)"},
		{strings.Repeat("do ", 3000), "nested more than 1000 deep"},
	} {
		if interpreterTakes(c.text) {
			t.Errorf("%q is Lua", c.text)
		}
		_, err := Parse(c.text)
		got := ""
		if err != nil {
			before := c.text[:min(err.Off, len(c.text))]
			got = fmt.Sprintf("%d:%d %s", 1+strings.Count(before, "\n"), len(before)-strings.LastIndex(before, "\n"), err.Msg)
			if err.Hint != "" {
				got += " (" + err.Hint + ")"
			}
		}
		if !strings.HasSuffix(got, c.want) {
			t.Errorf("%q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// TestScriptsAreRead: what ships is read, with the places of names as they stand.
func TestScriptsAreRead(t *testing.T) {
	files, _ := filepath.Glob("../../scripts/*.lua")
	more, _ := filepath.Glob("../../examples/*.lua")
	if len(files) == 0 || len(more) == 0 {
		t.Fatal("no scripts")
	}
	for _, f := range append(files, more...) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		c, bad := Parse(strings.TrimPrefix(string(b), "#!"))
		if bad != nil {
			t.Errorf("%s: %v", f, bad)
			continue
		}
		for _, v := range c.Vars {
			if got := strings.TrimPrefix(string(b), "#!")[v.From:v.To]; got != v.Name && v.Name != "self" {
				t.Errorf("%s: %q stands where %s should", f, got, v.Name)
			}
		}
	}
}

func TestScopes(t *testing.T) {
	c, err := Parse(`local a, b = 1, 2
local function f(x) b = a + x return a end
do local a = 3 print(a, c) end
for i, v in pairs(t) do print(v) end
repeat local r = f() until r`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range c.Vars {
		got = append(got, fmt.Sprintf("%s:%d,%d", v.Name, v.Reads, v.Assigned))
	}
	if s := strings.Join(got, " "); s != "a:2,0 b:0,1 f:1,0 x:1,0 a:1,0 i:0,0 v:1,0 r:1,0" {
		t.Error(s)
	}
}

func TestStringOffsets(t *testing.T) {
	text := "x = 'a\\n\\065b'"
	c, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Body[0].(*Assign).R[0].(*String)
	if s.Value != "a\nAb" || s.Offset(0) != 5 || s.Offset(2) != 8 || s.Offset(3) != 12 || s.Offset(4) != 13 {
		t.Errorf("%q %d %d %d", s.Value, s.Offset(2), s.Offset(3), s.Offset(4))
	}
}

// FuzzParse: nothing panics or hangs, and what the interpreter takes is read.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"local a <= 1", "f{1,2;x=3,['y']=4}:m'x'.z[1]=#-a^2 ..'b'", "for i=1,2 do break end goto x ::x::", "return function(...) local x = ... end",
		"repeat local x=1 until x", "--[==[ c ]==] x=[[\na]] y=0x1F z=1e-3", "a.b.c:d(1)(2)[3]=nil;;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse(text)
		if err != nil && (err.Off < 0 || err.Off > len(text) || err.Msg == "") {
			t.Errorf("%q: %+v", text, err)
		}
	})
}
