package storetest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

// A Crash kills processes that import, and looks at what they leave behind.
type Crash struct {
	// Address names the store to the process that imports, a test of this
	// program called TestImporter, which calls Importer.
	Address string
	Open    func(address string) (store.Store, error)
	// Server ends the server of the store as a crash does and starts it again;
	// nil: there is none. Every 25th kill is of it.
	Server func() error
}

// batchVariable tells the process that imports at which batch to begin.
const batchVariable, addressVariable = "TOCSIN_TEST_BATCH", "TOCSIN_TEST_ADDRESS"

// Importer imports batches until it is killed, and says of each on standard
// output that it is in. It does nothing when the test is not run by Crash.
func Importer(t *testing.T, open func(address string) (store.Store, error)) {
	address := os.Getenv(addressVariable)
	if address == "" {
		return
	}
	n, err := strconv.Atoi(os.Getenv(batchVariable))
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(address)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("ready")
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); n++ {
		if _, err := s.Import(context.Background(), crashBatch(t, n)); err != nil {
			t.Fatal(err)
		}
		fmt.Println("imported", n)
	}
}

// crashObjects is how many new objects batch n has, besides another version of
// a report, a draft, and what the batch before had, from another source.
func crashObjects(n int) int { return []int{3, 40, 7, 80, 1, 250}[n%6] }

var crashReport, crashMalware = id("report", 1), id("malware", 1)

// crashBatch returns the nth batch, always the same one.
func crashBatch(t testing.TB, n int) []store.Incoming {
	var batch []store.Incoming
	add := func(o *stix.Object) { batch = append(batch, store.Incoming{Object: o, Source: "first"}) }
	for i := range crashObjects(n) {
		tool := id("tool", n*1000+i)
		add(object(t, tool, fmt.Sprintf(`"name":"number %d of batch%d","description":"%s"`, i, n, strings.Repeat("and so on ", (n+i)%50))))
		add(relationship(t, n*1000+i, tool, "related-to", crashMalware, fmt.Sprintf(`,"description":"batch%d"`, n)))
	}
	add(object(t, crashReport, fmt.Sprintf(`"created":"2020-01-01T00:00:00.000Z","modified":"%s","name":"report%d"`,
		time.Date(2020, 1, 1, 0, 0, n, 0, time.UTC).Format("2006-01-02T15:04:05.000Z"), n)))
	batch = append(batch, store.Incoming{Object: object(t, id("note", n), fmt.Sprintf(`"content":"batch%d"`, n)), Source: "first", Draft: true})
	if n > 0 {
		again := object(t, id("tool", (n-1)*1000), fmt.Sprintf(`"name":"number 0 of batch%d","description":"%s"`, n-1, strings.Repeat("and so on ", (n-1)%50)))
		batch = append(batch, store.Incoming{Object: again, Source: "second"})
	}
	return batch
}

// Run kills so many times, each at a random moment, and holds the store to what
// it has acknowledged.
func (c *Crash) Run(t *testing.T, kills int) {
	r := rand.New(rand.NewPCG(rand.Uint64(), 1))
	state := &crashState{}
	servers, within := 0, 0
	for kill := range kills {
		server := c.Server != nil && kill%25 == 10
		acknowledged, err := c.kill(r, state.batches, server)
		if err != nil {
			t.Fatalf("kill %d: %v", kill, err)
		}
		if server {
			servers++
		}
		before := state.batches
		c.check(t, state, acknowledged)
		if t.Failed() {
			t.Fatalf("after kill %d, with batches from %d on and %d acknowledged", kill, before, acknowledged)
		}
		if state.batches > acknowledged {
			within++
		}
	}
	c.checkAll(t, state)
	t.Logf("%d kills, %d of them of the server; %d batches of %d objects are there, %d of them without that anybody was told", kills, servers, state.batches, state.objects, within)
	if state.batches < kills/2 {
		t.Errorf("only %d batches in %d runs: too few to have killed any within", state.batches, kills)
	}
}

// kill runs a process that imports from batch n on, kills it, and returns how
// many batches are acknowledged since the store was made.
func (c *Crash) kill(r *rand.Rand, n int, server bool) (acknowledged int, err error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(program, "-test.run=^TestImporter$", "-test.count=1")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", batchVariable, n), addressVariable+"="+c.Address)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	var failure bytes.Buffer
	cmd.Stderr = &failure
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	lines := bufio.NewReader(out)
	acknowledged = n
	begin, took := time.Now(), 20*time.Millisecond
	for range r.IntN(4) { // how often it speaks; never: it is killed while it starts
		line, err := lines.ReadString('\n')
		switch {
		case err != nil:
			cmd.Wait()
			return 0, fmt.Errorf("the process that imports ends with %s%s", line, failure.String())
		case strings.HasPrefix(line, "imported "):
			acknowledged++
			took = time.Since(begin)
		case line != "ready\n":
			rest, _ := io.ReadAll(lines)
			cmd.Wait()
			return 0, fmt.Errorf("the process that imports says %s%s", line, rest)
		}
		begin = time.Now()
	}
	time.Sleep(time.Duration(r.Int64N(int64(2 * took))))
	if server {
		err = c.Server()
	}
	cmd.Process.Kill()
	for {
		line, readErr := lines.ReadString('\n')
		if readErr != nil { // what is cut was not said
			break
		}
		if strings.HasPrefix(line, "imported ") {
			acknowledged++
		}
	}
	cmd.Wait()
	return acknowledged, err
}

// crashState is what has been found to be there.
type crashState struct {
	batches, objects int
	since            time.Time // when the last object was added
}

// check opens the store after a kill: the batches that were acknowledged must
// be there, one more may be, and nothing of any other.
func (c *Crash) check(t *testing.T, state *crashState, acknowledged int) {
	s, err := c.Open(c.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	there := len(must(s.Drafts(t.Context(), all, 1<<20))(t))
	if there != acknowledged && there != acknowledged+1 {
		t.Errorf("%d batches are there, %d were acknowledged", there, acknowledged)
		return
	}
	for n := state.batches; n < there; n++ {
		checkBatch(t, s, n)
	}
	if there > 0 {
		want(t, "versions", len(must(s.Versions(t.Context(), all, crashReport))(t)), there)
		want(t, "newest version", len(must(s.Search(t.Context(), all, fmt.Sprint("report", there-1), 0))(t)), 1)
		want(t, "older version", len(must(s.Search(t.Context(), all, fmt.Sprint("report", there-2), 0))(t)), 0)
	}
	want(t, "objects of a batch that is not there", len(must(s.Search(t.Context(), all, fmt.Sprint("batch", there), 0))(t)), 0)
	if _, err := s.Get(t.Context(), all, id("tool", there*1000)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("half a batch is there: %v", err)
	}
	c.checkDates(t, s, state, there)
	state.batches = there
}

// checkBatch holds all that the store says of a batch against the batch.
func checkBatch(t *testing.T, s store.Store, n int) {
	expected := map[stix.ID]string{}
	for _, in := range crashBatch(t, n) {
		if in.Source == "first" && !in.Draft && in.Object.ID != crashReport {
			expected[in.Object.ID] = string(in.Object.Raw())
		}
	}
	found := must(s.Search(t.Context(), all, fmt.Sprint("batch", n), 1<<20))(t)
	want(t, fmt.Sprint("objects of batch ", n), len(found), len(expected))
	for _, rec := range found {
		if string(rec.Object.Raw()) != expected[rec.Object.ID] {
			t.Errorf("%s has changed", rec.Object.ID)
		}
	}
	for _, i := range []int{0, crashObjects(n) - 1} {
		related := must(s.Related(t.Context(), all, id("tool", n*1000+i), 0))(t)
		if len(related) != 1 || related[0].By == nil || related[0].By.Object.ID != id("relationship", n*1000+i) {
			t.Errorf("relations of object %d of batch %d: %v", i, n, related)
		}
	}
	if n > 0 {
		want(t, "sources", len(must(s.Sources(t.Context(), all, id("tool", (n-1)*1000)))(t)), 2)
	}
}

// checkDates pages through what has come since the last check.
func (c *Crash) checkDates(t *testing.T, s store.Store, state *crashState, there int) {
	expected := 0
	for n := state.batches; n < there; n++ {
		expected += 2*crashObjects(n) + 1 // and a version of the report
	}
	got := 0
	for {
		page := must(s.List(t.Context(), all, store.Query{Since: state.since, Versions: store.Versions{All: true}, Limit: 500}))(t)
		if len(page) == 0 {
			break
		}
		for _, rec := range page {
			if !rec.Added.After(state.since) {
				t.Errorf("%s added at %s, after %s", rec.Object.ID, rec.Added, state.since)
			}
			state.since = rec.Added
		}
		got += len(page)
	}
	want(t, "objects added", got, expected)
	state.objects += got
}

// checkAll looks at everything once more, at the end.
func (c *Crash) checkAll(t *testing.T, state *crashState) {
	s, err := c.Open(c.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	count := 0
	for n := range state.batches {
		checkBatch(t, s, n)
		count += 2 * crashObjects(n)
	}
	if state.batches > 0 {
		count++ // the report
	}
	want(t, "objects", must(s.Stats(t.Context(), all))(t).Objects, count)
}
