package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

func testEntries(t *testing.T, s store.Store) {
	put := func(kind, id, value string) {
		t.Helper()
		if err := s.PutEntry(t.Context(), store.Entry{Kind: kind, ID: id, Value: []byte(value)}); err != nil {
			t.Fatal(err)
		}
	}
	list := func(kind string) (text string) {
		for _, e := range must(s.Entries(t.Context(), kind))(t) {
			text += e.Kind + " " + e.ID + " " + string(e.Value) + "\n"
		}
		return text
	}
	want(t, "none", list("token"), "")
	put("token", "b", `{"n":1}`)
	put("token", "a", `{}`)
	put("org", "a", `{"name":"é"}`)
	put("token", "b", `{"n":2}`)
	want(t, "tokens", list("token"), "token a {}\ntoken b {\"n\":2}\n")
	want(t, "one", string(must(s.Entry(t.Context(), "org", "a"))(t).Value), `{"name":"é"}`)
	for _, err := range []error{
		s.DeleteEntry(t.Context(), "token", "c"),
		func() error { _, err := s.Entry(t.Context(), "org", "b"); return err }(),
	} {
		want(t, "not there", errors.Is(err, store.ErrNotFound), true)
	}
	if err := s.DeleteEntry(t.Context(), "token", "a"); err != nil {
		t.Fatal(err)
	}
	want(t, "what is left", list("token")+list("org"), "token b {\"n\":2}\norg a {\"name\":\"é\"}\n")
}

// TAXII 2.1, section 3.4: match[version] and match[id] say which versions of
// which objects.
func testSelection(t *testing.T, s store.Store) {
	at := func(n, year int, marking string) *stix.Object {
		return object(t, id("malware", n), `"created":"2020-01-01T00:00:00.000Z","modified":"`+time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-01-02T15:04:05.000Z")+`",`+marked(marking))
	}
	put(t, s, "a", at(1, 2021, amber), at(1, 2022, green), at(1, 2023, green), at(2, 2021, green), at(3, 2021, green), at(3, 2022, amber))
	first := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		reader   tlp.Clearance
		ids      []stix.ID
		versions store.Versions
		want     string
	}{
		{"newest", all, nil, store.Versions{}, "1/2023 2/2021 3/2022 "},
		{"newest, said", all, nil, store.Versions{Newest: true}, "1/2023 2/2021 3/2022 "},
		{"first", all, nil, store.Versions{First: true}, "1/2021 2/2021 3/2021 "},
		{"first and newest", all, nil, store.Versions{First: true, Newest: true}, "1/2021 1/2023 2/2021 3/2021 3/2022 "},
		{"at a time", all, nil, store.Versions{At: []time.Time{first}}, "1/2021 2/2021 3/2021 "},
		{"all of one", all, []stix.ID{id("malware", 1)}, store.Versions{All: true}, "1/2021 1/2022 1/2023 "},
		{"two", all, []stix.ID{id("malware", 2), id("malware", 3), id("malware", 4)}, store.Versions{}, "2/2021 3/2022 "},
		{"none", all, []stix.ID{id("malware", 4)}, store.Versions{All: true}, ""},
		{"first that may be seen", community, nil, store.Versions{First: true}, "1/2022 2/2021 "},
		{"at a time, withheld", community, nil, store.Versions{At: []time.Time{first}}, "2/2021 "},
		{"all that may be seen", community, nil, store.Versions{All: true}, "1/2022 1/2023 2/2021 "},
	} {
		got := ""
		for _, r := range must(s.List(t.Context(), c.reader, store.Query{IDs: c.ids, Versions: c.versions}))(t) {
			got += r.Object.ID.UUID()[35:] + "/" + r.Object.Modified.Format("2006") + " "
		}
		want(t, c.name, got, c.want)
	}
}
