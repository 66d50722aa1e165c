package manager

// Fate is what becomes of an alert.
type Fate uint8

// The fates.
const (
	Passed        Fate = iota // reported
	Suppressed                // by an entry of the configuration
	Folded                    // into one like it, by deduplication
	RateCapped                // its rule gave too many
	BelowSeverity             // less severe than what is reported
)

// String says it as an explanation does.
func (f Fate) String() string {
	return [...]string{"reported", "suppressed", "folded into one like it", "over the rate of the rule", "below the least severity"}[f]
}
