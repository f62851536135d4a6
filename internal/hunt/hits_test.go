package hunt

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// Hits come back by time, those of one time in the order they were added,
// alike from memory and from spilled runs.
func TestHitsSortByTimeThenInput(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, limit := range []int{1 << 20, 500, 1} {
		t.Run(fmt.Sprintf("%d bytes in memory", limit), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			s := &hits{limit: limit}
			var want []hit
			for i := range 300 {
				h := hit{time: int64(rng.IntN(50)) - 25, rule: int32(i % 7), file: int32(i % 3), record: uint64(i), offset: int64(i) - 5, values: []string{"", fmt.Sprint("v", i)}[:rng.IntN(3)]}
				want = append(want, h)
				if err := s.add(&h); err != nil {
					t.Fatal(err)
				}
			}
			slices.SortStableFunc(want, func(a, b hit) int { return int(a.time - b.time) })
			i := 0
			err := s.each(func(h *hit) error {
				if w := want[i]; h.time != w.time || h.rule != w.rule || h.file != w.file || h.record != w.record || h.offset != w.offset || !slices.Equal(h.values, w.values) {
					t.Errorf("hit %d: %+v, want %+v", i, *h, w)
				}
				i++
				return nil
			})
			if err != nil || i != len(want) {
				t.Fatalf("%d of %d hits, error %v", i, len(want), err)
			}
			if err := s.close(); err != nil {
				t.Fatal(err)
			}
			if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
