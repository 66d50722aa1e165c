package diag

import (
	"slices"
	"strings"
)

// Nearest gives the candidates that a person may have meant by name, best first, at most three.
func Nearest(name string, candidates []string) []string {
	const most = 3
	type scored struct {
		s string
		d int
	}
	limit := max(1, len(name)/3)
	low := strings.ToLower(name)
	var found []scored
	for _, c := range candidates {
		d := distance(low, strings.ToLower(c), limit)
		switch {
		case strings.HasPrefix(low, strings.ToLower(c)+"."):
			d = min(d, 3) // dns.query for dns.query.name
		case d > limit && sameLeaf(low, c):
			d = limit + 2 // http.user_agent for user_agent
		case d > limit:
			continue
		}
		found = append(found, scored{c, d})
	}
	slices.SortFunc(found, func(a, b scored) int {
		if a.d != b.d {
			return a.d - b.d
		}
		return strings.Compare(a.s, b.s)
	})
	var out []string
	for _, f := range found {
		if len(out) == most || f.d > found[0].d+1 {
			break
		}
		if !slices.Contains(out, f.s) {
			out = append(out, f.s)
		}
	}
	return out
}

// sameLeaf tells whether the dotted name c ends in the part after name's last dot.
func sameLeaf(name, c string) bool {
	leaf := name[strings.LastIndexByte(name, '.')+1:]
	return len(leaf) > 2 && strings.HasSuffix(strings.ToLower(c), "."+leaf)
}

// distance is the number of insertions, deletions, substitutions and swaps of neighbours that
// turn a into b (optimal string alignment), or more than limit once it is sure to be.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit || len(b) > 128 {
		return limit + 1
	}
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
			best = min(best, cur[j])
		}
		if best > limit {
			return limit + 1
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}

// DidYouMean words suggestions as a hint, "" when there is none.
func DidYouMean(near []string) string {
	switch len(near) {
	case 0:
		return ""
	case 1:
		return "did you mean " + near[0] + "?"
	}
	return "did you mean " + strings.Join(near[:len(near)-1], ", ") + " or " + near[len(near)-1] + "?"
}
