package check

// Foreign and ForeignFuncs are for tests.
var (
	Foreign      = foreign
	ForeignFuncs = foreignFuncs
)
