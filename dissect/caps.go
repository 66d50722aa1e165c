package dissect

// Cap is a bound on what a protocol's parser keeps or looks at, of which it is counted how often it was reached: app_layer.capped.PROTOCOL.NAME.
type Cap struct {
	Name string // "transactions"
	Doc  string // what is left out then
}

// Capped counts that the cap n of the Spec's list was reached, and something left out.
func (c *Ctx) Capped(n int) {
	if c.OnCapped != nil {
		c.OnCapped(c.spec, n)
	}
}
