//go:build race

package engine

// underRace: the race detector allocates, and sync.Pool drops items at random with it.
const underRace = true
