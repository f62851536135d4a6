package exchange_test

import (
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
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
