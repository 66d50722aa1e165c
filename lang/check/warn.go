package check

import (
	"github.com/luanids/luanids/lang/diag"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/syntax"
)

func (c *checker) warn(r *syntax.Rule, out *ir.Rule, when *diag.Range) {}
