package intel

import "embed"

// Shipped are the feeds that come with the program: small lists of what changes slowly. Feeds of
// what changes by the hour are for the operator to fetch.
//
//go:embed feeds
var Shipped embed.FS

// shipped loads them.
func (l *loader) shipped() {
	entries, err := Shipped.ReadDir("feeds")
	if err != nil {
		l.whole("default", err.Error())
		return
	}
	for _, e := range entries {
		data, err := Shipped.ReadFile("feeds/" + e.Name())
		if err != nil {
			l.whole(e.Name(), err.Error())
			continue
		}
		l.feed(e.Name(), data)
	}
}
