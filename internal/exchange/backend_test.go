package exchange_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// TAXII 2.1, section 4.3: each object sent is a success or a failure, with the
// reason; one that is wrong costs itself.
func TestAdd(t *testing.T) {
	const times = `"created":"2021-03-02T00:00:00.000Z","modified":"2021-03-02T00:00:00.000Z"`
	s := openStore(t)
	b := &exchange.Backend{Store: s, Own: auth.Org{ID: stix.NewID("identity"), Name: "Own", Standing: auth.Own}}
	ctx := auth.With(t.Context(), auth.Subject{Org: auth.Org{ID: stix.NewID("identity"), Name: "CERT A", Standing: auth.Partner}, Role: auth.Contributor})
	var sent taxii.Submission
	for _, text := range []string{
		`{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-000000000001",` + times + `,"is_family":true,"name":"a"}`,
		`{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-000000000001",` + times + `,"is_family":false,"name":"b"}`,
		`{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-000000000002",` + times + `}`,
		`{"type":"malware","id":"malware--00000000-0000-4000-8000-000000000003",` + times + `,"name":"of 2.0","labels":["worm"]}`,
		`{"type":"observed-data","id":"observed-data--00000000-0000-4000-8000-000000000004",` + times + `,"first_observed":"2021-03-02T00:00:00Z","last_observed":"2021-03-02T00:00:00Z","number_observed":1,"objects":{"0":{"type":"ipv4-addr","value":"198.51.100.7"},"1":{"type":"domain-name","value":"evil.example"}}}`,
	} {
		o, err := stix.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		sent.Objects = append(sent.Objects, o)
	}
	status, err := b.Add(ctx, exchange.Root, taxii.Collection{}, sent)
	if err != nil {
		t.Fatal(err)
	}
	if status.TotalCount != 5 || status.SuccessCount != 3 || status.FailureCount != 2 {
		t.Errorf("%+v", status)
	}
	for i, want := range []string{"conflict", "is_family"} {
		if len(status.Failures) <= i || !strings.Contains(status.Failures[i].Message, want) {
			t.Errorf("failure %d: %+v, want %q", i, status.Failures, want)
		}
	}
	stats, err := s.Stats(ctx, tlp.Local())
	if err != nil || stats.Types["malware"] != 2 || stats.Types["ipv4-addr"] != 1 || stats.Types["domain-name"] != 1 || stats.Types["observed-data"] != 1 {
		t.Error(stats, err)
	}
	if again, err := b.Status(ctx, exchange.Root, status.ID); err != nil || again.SuccessCount != 3 {
		t.Error(again, err)
	}
	if _, err := b.Status(t.Context(), exchange.Root, status.ID); err == nil {
		t.Error("a status was told to anyone")
	}
}

// A page that was given before is not given again once the store has changed: the
// object was marked more strictly, or what it refers to was.
func TestPagesFollowTheStore(t *testing.T) {
	s := openStore(t)
	b := &exchange.Backend{Store: s}
	put := func(id string, year int, marking, more string) {
		t.Helper()
		kind := stix.ID(id).Type()
		o, err := stix.Parse(fmt.Appendf(nil, `{"type":"%s","spec_version":"2.1","id":"%s","created":"2020-01-01T00:00:00.000Z","modified":"%d-01-01T00:00:00.000Z","object_marking_refs":["%s"]%s}`, kind, id, year, marking, more))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Import(t.Context(), []store.Incoming{{Object: o, Source: "a"}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond) // a node finds out a moment later that the store was written to by others
	}
	sees := func(want ...string) {
		t.Helper()
		for range 2 {
			page, err := b.Objects(t.Context(), exchange.Root, taxii.Collection{Alias: "all"}, taxii.Filter{Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range page.Objects {
				o, err := stix.Parse(a.Raw)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(o.ID))
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		}
	}
	const (
		malware  = "malware--00000000-0000-4000-8000-000000000001"
		sighting = "sighting--00000000-0000-4000-8000-000000000002"
	)
	clear, red := string(stix.TLPClear.MarkingID()), string(stix.TLPRed.MarkingID())
	sees()
	put(sighting, 2020, clear, `,"sighting_of_ref":"`+malware+`"`)
	sees(sighting) // what it refers to is not here
	put(malware, 2020, clear, "")
	sees(sighting, malware)
	put(malware, 2021, red, "")
	sees()
	put(malware, 2022, clear, "")
	sees(malware, sighting) // which opened again, behind what had been read
}

// TAXII 2.1, section 5.7: a releaser deletes. Those of other organisations delete
// what came from them alone.
func TestDelete(t *testing.T) {
	s := openStore(t)
	b := &exchange.Backend{Store: s}
	put := func(n int, sources ...string) stix.ID {
		o, err := stix.Parse(fmt.Appendf(nil, `{"type":"tool","spec_version":"2.1","id":"tool--00000000-0000-4000-8000-%012d","created":"2021-01-01T00:00:00.000Z","modified":"2021-01-01T00:00:00.000Z","name":"x","object_marking_refs":["%s"]}`, n, stix.TLPClear.MarkingID()))
		if err != nil {
			t.Fatal(err)
		}
		for _, source := range sources {
			if _, err := s.Import(t.Context(), []store.Incoming{{Object: o, Source: source}}); err != nil {
				t.Fatal(err)
			}
		}
		return o.ID
	}
	theirs, shared, ours := put(1, "CERT"), put(2, "CERT", "Own"), put(3, "Own")
	cert := auth.Org{ID: "identity--00000000-0000-4000-8000-000000000001", Name: "CERT", Standing: auth.Partner}
	own := auth.Org{ID: "identity--00000000-0000-4000-8000-000000000002", Name: "Own", Standing: auth.Own}
	for _, c := range []struct {
		who    auth.Subject
		id     stix.ID
		some   bool
		status int
	}{
		{auth.Anyone(), theirs, false, http.StatusForbidden},
		{auth.Subject{Org: cert, Role: auth.Contributor}, theirs, false, http.StatusForbidden},
		{auth.Subject{Org: cert, Role: auth.Releaser}, shared, false, http.StatusForbidden},
		{auth.Subject{Org: cert, Role: auth.Releaser}, ours, false, http.StatusForbidden},
		{auth.Subject{Org: cert, Role: auth.Releaser}, theirs, true, http.StatusForbidden},
		{auth.Subject{Org: cert, Role: auth.Releaser}, theirs, false, 0},
		{auth.Subject{Org: cert, Role: auth.Releaser}, theirs, false, http.StatusNotFound},
		{auth.Subject{Org: own, Role: auth.Releaser}, shared, false, 0},
		{auth.Subject{Org: own, Role: auth.Releaser}, ours, false, 0},
	} {
		err := b.Delete(auth.With(t.Context(), c.who), exchange.Root, taxii.Collection{Alias: "all"}, taxii.Filter{IDs: []stix.ID{c.id}, Versions: taxii.VersionFilter{All: !c.some}})
		var e *taxii.Error
		if errors.As(err, &e) && e.Status() == c.status || err == nil && c.status == 0 {
			continue
		}
		t.Errorf("%s as %s %s: %v, want %d", c.id, c.who.Org.Name, c.who.Role, err, c.status)
	}
}
