//go:build race

package http2

// underRace: sync.Pool drops items at random with the race detector.
const underRace = true
