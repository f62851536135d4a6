package exchange

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

// A pull that breaks off at any moment goes on where it was: nothing is missed,
// nothing is imported twice.
func TestPullBreaksOff(t *testing.T) {
	a, b := newTown(t, "a"), newTown(t, "b")
	var all []*stix.Object
	for i := range 5500 {
		all = append(all, malware(t, i, 2020, stix.TLPGreen))
	}
	a.learn(t, all...)
	r := rand.New(rand.NewPCG(4, 2021))
	broken := errors.New("the cable was pulled")
	h := b.to(a, auth.Partner)
	b.befriend(t, a.org, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if r.IntN(6) == 0 {
			http.Error(w, "", http.StatusBadGateway)
			return
		}
		h.ServeHTTP(w, q)
	}), Pull)
	b.store.fail = func() error {
		if rand.IntN(3) == 0 {
			return broken
		}
		return nil
	}
	failed := 0
	for range 200 {
		if _, err := b.Sync(t.Context(), "a", false); err == nil {
			break
		}
		failed++
	}
	if got, want := b.knows(t), a.knows(t); !slices.Equal(got, want) {
		t.Errorf("%d objects of %d, after %d failures", len(got), len(want), failed)
	}
	if failed == 0 || b.store.became[store.Same] > 0 {
		t.Error(failed, b.store.became)
	}
	t.Logf("broke off %d times", failed)
}

// Peers that have the same are not both asked for it: each object comes here once,
// over all peers together.
func TestPullAtOnce(t *testing.T) {
	n := newTown(t, "n")
	var all []*stix.Object
	for i := range 3000 {
		all = append(all, malware(t, i, 2020, stix.TLPGreen))
	}
	var mu sync.Mutex
	given := 0
	names := []string{"a", "b", "c", "d"}
	for _, name := range names {
		peer := newTown(t, name)
		rand.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		peer.learn(t, all...)
		n.befriend(t, peer.org, n.to(peer, auth.Partner), Pull)
	}
	var under sync.WaitGroup
	for _, name := range names {
		under.Go(func() {
			r, err := n.Sync(t.Context(), name, false)
			if err != nil {
				t.Error(err)
			}
			state, err := (Book{n.store}).State(t.Context(), name)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			given += state.Objects
			t.Logf("%s: %d received, %d given", name, r.Received, state.Objects)
		})
	}
	under.Wait()
	if len(n.knows(t)) != 3000 || given != 3000 || n.store.became[store.Same] > 0 {
		t.Error(len(n.knows(t)), given, n.store.became)
	}
}

// A peer that fails is asked later and later, then, once it is well, as before.
func TestSchedule(t *testing.T) {
	c := circuit{}
	now := time.Date(2021, 7, 19, 0, 0, 0, 0, time.UTC)
	last := time.Duration(0)
	for i := range 30 {
		wait := c.failed(now, 10*time.Second, errors.New("down"))
		if i < 4 && wait < last*5/4 || wait > maxWait*6/5 || wait < 10*time.Second || c.open() != (i >= openAfter-1) {
			t.Errorf("failure %d: %s after %s, open: %t", i+1, wait, last, c.open())
		}
		if i >= openAfter-1 && wait < minOpen*4/5 {
			t.Errorf("failure %d: %s", i+1, wait)
		}
		last = wait
	}
	if wait := c.succeeded(10 * time.Second); wait < 8*time.Second || wait > 12*time.Second || c.open() {
		t.Error(wait, c)
	}
	tomorrow := now.Add(24 * time.Hour)
	if wait := c.failed(now, time.Second, &quotaError{"1 object", tomorrow}); wait != 24*time.Hour || c.Failures != 0 {
		t.Error(wait, c)
	}
}

// Waiting ends with the context, and at the time that was said.
func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		if !sleep(t.Context(), time.Hour) || time.Since(begun) != time.Hour {
			t.Error(time.Since(begun))
		}
	})
}

// A claim is waited for no longer than claimWait, and who keeps others waiting
// keeps them waiting once.
func TestClaimsAreNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c claims
		v := []version{{"malware--00000000-0000-4000-8000-000000000001", 1}}
		slow, _ := c.take("slow", v)
		mine, others := c.take("good", v)
		if len(mine.versions) != 0 || len(others) != 1 {
			t.Fatal(mine, others)
		}
		begun := time.Now()
		if err := wait(t.Context(), others); err != nil || time.Since(begun) != claimWait {
			t.Error(err, time.Since(begun))
		}
		if mine, others = c.take("good", v); len(mine.versions) != 1 || others != nil {
			t.Error(mine, others)
		}
		slow.release()
		if _, others := c.take("third", v); len(others) != 1 || others[0] != mine {
			t.Error("what was taken over was given up by who had it before")
		}
	})
}
