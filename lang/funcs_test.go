package lang_test

import (
	"fmt"
	"testing"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/funcs"
	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/testrun"
)

// TestFunctionExamples runs the examples of the functions' declarations, through the whole of the language.
func TestFunctionExamples(t *testing.T) {
	for _, d := range funcs.All() {
		if d.Doc == "" {
			t.Errorf("%s has no documentation", d.Name)
		}
		for _, ex := range d.Examples {
			text := fmt.Sprintf("rule EX { when http.uri == \"x\" and %s == %s }\ntest EX { http.request { uri \"x\" } alerts 1 }\n", ex[0], ex[1])
			rep, err := testrun.Run(langtest.Schema(), []string{"x.nids"}, testrun.Options{Load: lang.Options{Files: map[string][]byte{"x.nids": []byte(text)}}})
			switch {
			case err != nil:
				t.Errorf("%s: %v", ex[0], err)
			case rep.Diagnostics.Errors() > 0:
				t.Errorf("%s: %v", ex[0], rep.Diagnostics)
			case rep.Failed > 0:
				t.Errorf("%s is not %s", ex[0], ex[1])
			}
		}
	}
}
