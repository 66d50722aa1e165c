// Package stats is the arithmetic of behavioural detection: time series, baselines, sequential
// tests and sketches. All of it is deterministic and bounded in memory. Times are nanoseconds since the Unix
// epoch unless a name says otherwise.
package stats
