package report

import (
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/stix"
)

// STIX 2.1, sections 4.14 and 5.2: what a hunt saw of indicators, valid and the
// same from one run to the next.
func TestSightings(t *testing.T) {
	const indicator = "indicator--00000000-0000-4000-8000-000000000001"
	at := time.Date(2021, 7, 19, 12, 0, 0, 0, time.UTC)
	day := func(n int) int64 { return time.Date(2021, 3, n, 0, 0, 0, 0, time.UTC).UnixNano() }
	gather := func(at time.Time) []*stix.Object {
		s := NewSightings(at)
		for _, f := range []finding.Finding{
			{Kind: "indicator", Time: day(3), Host: "mail01", Indicator: finding.Indicator{ID: indicator, Value: "evil.example.com", Type: "domain"}},
			{Kind: "indicator", Time: day(2), Host: "mail01", Indicator: finding.Indicator{ID: indicator, Value: "evil.example.com", Type: "domain"}},
			{Kind: "indicator", Time: event.NoTime, Host: "mail01", Indicator: finding.Indicator{ID: indicator, Value: "evil.example.com", Type: "domain"}},
			{Kind: "indicator", Time: event.NoTime, Indicator: finding.Indicator{ID: indicator, Value: "t13d1516h2_8daaf6152771_b186095e22b6", Type: "ja4"}},
			{Kind: "pattern", Time: day(4), Host: "mail01", Indicator: finding.Indicator{ID: "indicator--00000000-0000-4000-8000-000000000002"}},
			{Kind: "sigma", Time: day(4), Host: "mail01"},
		} {
			if err := s.Add(&f); err != nil {
				t.Fatal(err)
			}
		}
		objects, err := s.Objects()
		if err != nil {
			t.Fatal(err)
		}
		return objects
	}
	var got []string
	for _, o := range gather(at) {
		got = append(got, o.Type)
		for _, p := range stix.Validate(o) {
			t.Errorf("%s: %s", o.ID, p)
		}
		if o.Type == "sighting" {
			s, err := stix.As[stix.Sighting](o)
			if err != nil {
				t.Fatal(err)
			}
			got[len(got)-1] += fmt.Sprintf(" %d %s %s", *s.Count, s.FirstSeen, s.LastSeen)
		}
	}
	want := []string{
		"identity", "domain-name", "observed-data", "sighting 3 2021-03-02T00:00:00.000Z 2021-03-03T00:00:00.000Z",
		"sighting 1 0001-01-01T00:00:00.000Z 0001-01-01T00:00:00.000Z", "sighting 1 2021-03-04T00:00:00.000Z 2021-03-04T00:00:00.000Z",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for i, o := range gather(at.Add(time.Hour)) {
		if first := gather(at)[i]; o.ID != first.ID {
			t.Errorf("%s was %s in another run", o.ID, first.ID)
		}
	}
}
