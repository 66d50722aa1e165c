package regex

import (
	"bytes"
	"testing"
)

var arenaPatterns = []string{
	``, `a`, `abc`, `a|b|cd`, `(a|(b)c){2,5}`, `(?:)*`, `(?:a?){3,}?x`, `[a-f]{20,500}`, `(x{1,20}y){3}z+`, `(?=ab|c)d`, `(?!a|b)c`,
	`(?<=ab|cd)e`, `(?<!ab|cd|e)f`, `(?>a+)b`, `(a)\1`, `\R{2}`, `\Qa.b\E+`, `(?i)union\s+select`, `\bfoo\b$`, `a*b+c?`, `(a{100}){200}`, `(b{300}){300}`,
}

func TestCodeSize(t *testing.T) {
	for _, src := range arenaPatterns {
		checkCodeSize(t, src)
	}
}

// checkCodeSize holds codeSize against the program that is made.
func checkCodeSize(t *testing.T, src string) {
	n, p, err := parse(src, 0)
	if err != nil {
		return
	}
	defer p.release()
	prog, err := buildProg(n, p, true)
	size := codeSize(n)
	if tooLarge := size >= maxProg; tooLarge != (err != nil) {
		t.Fatalf("%q: size %d, error %v", src, size, err)
	}
	if err == nil && len(prog.code) != size+1 {
		t.Errorf("%q: %d instructions, said %d", src, len(prog.code), size+1)
	}
}

// What an expression keeps must not lie in the memory that the next one is parsed in.
func TestParserMemoryIsUsedAgain(t *testing.T) {
	var all []*Regex
	for range 3 {
		for _, src := range arenaPatterns {
			if re, err := Compile(src, 0); err == nil {
				all = append(all, re)
			}
		}
	}
	for _, re := range all {
		fresh, err := Compile(re.src, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range re.Literals() {
			if f := fresh.Literals()[i]; !bytes.Equal(l.Bytes, f.Bytes) || l.Fold != f.Fold {
				t.Errorf("%q: literal %q has become %q", re.src, f.Bytes, l.Bytes)
			}
		}
	}
	n := testing.AllocsPerRun(100, func() {
		_, p, _ := parse(`(?i)[a-z]+\d{3}(foo|bar\.x)*$`, 0)
		p.release()
	})
	if n > 2 {
		t.Errorf("parsing allocates %v times", n)
	}
}
