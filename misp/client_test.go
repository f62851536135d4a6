package misp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/stix"
)

// An instance answers as the documentation of MISP's REST API says, by its own
// reading of JSON.
type instance struct {
	key    string
	events map[string]map[string]any // by UUID: what stands under Event
	asked  []string
}

func (in *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in.asked = append(in.asked, r.Method+" "+r.URL.Path)
	say := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(v)
	}
	if r.Header.Get("Authorization") != in.key {
		say(403, map[string]any{"name": "Authentication failed. Please make sure you pass the API key of an API enabled user along in the Authorization header.", "message": "Authentication failed.", "url": r.URL.Path})
		return
	}
	stamp := func(e map[string]any, name string) int64 {
		n, _ := strconv.ParseInt(fmt.Sprint(e[name]), 10, 64)
		return n
	}
	part := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch part[0] + "/" + part[1] {
	case "servers/getVersion":
		say(200, map[string]any{"version": "2.4.172", "perm_sync": true, "perm_sighting": "1", "request_encoding": []string{"gzip"}})
	case "events/index":
		var f map[string]any
		json.NewDecoder(r.Body).Decode(&f)
		since, _ := strconv.ParseInt(fmt.Sprint(f["publish_timestamp"]), 10, 64)
		list := []any{}
		for uuid, e := range in.events {
			if e["published"] == true && stamp(e, "publish_timestamp") >= since {
				list = append(list, map[string]any{"id": "7", "uuid": uuid, "timestamp": e["timestamp"], "publish_timestamp": e["publish_timestamp"], "sighting_timestamp": "0", "published": true, "orgc_uuid": uuid})
			}
		}
		say(200, list)
	case "events/view":
		e := in.events[part[2]]
		if e == nil {
			say(404, map[string]any{"name": "Invalid event", "message": "Invalid event", "url": r.URL.Path})
			return
		}
		say(200, map[string]any{"Event": e})
	case "events/filterEventIdsForPush":
		var offered []struct{ Event map[string]any }
		json.NewDecoder(r.Body).Decode(&offered)
		wanted := []any{}
		for _, o := range offered {
			have := in.events[fmt.Sprint(o.Event["uuid"])]
			if have == nil || have["locked"] == true && stamp(have, "timestamp") < stamp(o.Event, "timestamp") {
				wanted = append(wanted, o.Event["uuid"])
			}
		}
		say(200, wanted)
	case "events/add", "events/edit":
		var sent struct{ Event map[string]any }
		json.NewDecoder(r.Body).Decode(&sent)
		uuid := fmt.Sprint(sent.Event["uuid"])
		if (in.events[uuid] == nil) != (part[1] == "add") {
			say(403, map[string]any{"saved": false, "name": "Could not " + part[1] + " Event", "message": "Could not " + part[1] + " Event", "errors": map[string]any{"uuid": []string{"exists"}}})
			return
		}
		sent.Event["locked"] = true
		in.events[uuid] = sent.Event
		say(200, map[string]any{"Event": map[string]any{"id": "9", "uuid": uuid}})
	default:
		http.NotFound(w, r)
	}
}

func eventAt(t *testing.T, n, timestamp int) *Event {
	t.Helper()
	e, err := Parse(fmt.Appendf(nil, `{"Event":{"uuid":"%s","info":"i","published":true,"timestamp":"%d","publish_timestamp":"%d","distribution":"2","Attribute":[{"uuid":"%s","type":"domain","category":"Network activity","value":"a.example","to_ids":true,"deleted":true,"timestamp":"%d","distribution":"1"}]}}`, uuid(n), timestamp, timestamp, uuid(n+100), timestamp))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Events go to an instance and come back; what is new costs a request for the
// index and one for each event, and nothing new costs the index alone.
func TestClient(t *testing.T) {
	in := &instance{key: "k", events: map[string]map[string]any{}}
	s := httptest.NewServer(in)
	defer s.Close()
	c := &Client{URL: s.URL + "/", Key: "k", HTTP: s.Client()}
	if v, err := c.Version(t.Context()); err != nil || v != (Version{"2.4.172", true, true}) {
		t.Error(v, err)
	}
	one, two := eventAt(t, 1, 1700000000), eventAt(t, 2, 1700000100)
	wanted, err := c.Wants(t.Context(), []*Event{one, two})
	if err != nil || len(wanted) != 2 {
		t.Fatal(wanted, err)
	}
	for _, e := range []*Event{one, two} {
		if err := c.Send(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if wanted, err := c.Wants(t.Context(), []*Event{one, two}); err != nil || len(wanted) != 0 {
		t.Error("equal timestamps must not be sent again:", wanted, err)
	}
	edited := eventAt(t, 2, 1700000101)
	if wanted, err := c.Wants(t.Context(), []*Event{one, edited}); err != nil || len(wanted) != 1 || wanted[0] != uuid(2) {
		t.Error("an edit is wanted:", wanted, err)
	}
	if err := c.Send(t.Context(), edited); err != nil {
		t.Error(err)
	}
	in.asked = nil
	list, err := c.Index(t.Context(), Filter{Since: 1700000001})
	if err != nil || len(list) != 1 || list[0] != (Remote{uuid(2), uuid(2), 1700000101, 1700000101, true}) || len(in.asked) != 1 {
		t.Error(list, err, in.asked)
	}
	if list, err := c.Index(t.Context(), Filter{Since: 1800000000}); err != nil || len(list) != 0 || len(in.asked) != 2 {
		t.Error("nothing new costs one request:", list, err, in.asked)
	}
	e, err := c.Event(t.Context(), uuid(2))
	if err != nil || e.Timestamp != 1700000101 || !e.Attributes[0].Deleted {
		t.Fatal(e, err)
	}
	if _, err := c.Event(t.Context(), uuid(3)); err == nil || !strings.Contains(err.Error(), "Invalid event") {
		t.Error(err)
	}
	c.Key = "other"
	if _, err := c.Version(t.Context()); err == nil || !strings.Contains(err.Error(), "key") {
		t.Error(err)
	}
}

// What is pulled is for fewer, never for more, what was deleted is revoked, and
// all other bytes stay.
func TestPulled(t *testing.T) {
	e := eventAt(t, 1, 1700000000)
	p, err := e.Pulled()
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.NewReplacer(`"distribution":"2"`, `"distribution":"1"`, `"distribution":"1"`, `"distribution":"0"`).Replace(string(e.Raw())); string(p.Raw()) != text {
		t.Errorf("%s", p.Raw())
	}
	objects, _ := p.STIX()
	for _, o := range objects {
		if o.Type == "indicator" && (!o.Revoked || o.ObjectMarkingRefs[0] != stix.TLPAmberStrict.MarkingID()) {
			t.Errorf("%s", o.Raw())
		}
	}
}

// answers are what a hostile or broken server may say.
var answers = []string{
	``, `null`, `[`, `{`, `<html>login</html>`, `"x"`, `7`, `true`, `{"response":{}}`, `{"response":7}`, `[7]`, `[null]`, `[[]]`, `[{}]`,
	`[{"uuid":"../../users/view/me"}]`, `[{"uuid":"x","timestamp":"y"}]`, `[{"Event":{"uuid":7}}]`, `{"Event":[]}`, `{"Event":{"uuid":"` + "\x00" + `"}}`,
	`{"saved":false,"errors":"blocked"}`, `{"name":"n","message":"m","url":"/u"}`, `{"errors":{"a":["b"]}}`, `{"version":[]}`, `{"version":{}}`,
	`["../x"]`, `["00000000-0000-4000-8000-000000000999"]`,
	strings.Repeat("[", 5000), strings.Repeat(`{"a":`, 5000), `[{"uuid":"` + strings.Repeat("a", 100000) + `"}]`,
	`{"version":"` + strings.Repeat("a", maxAnswer) + `"}`,
}

// Whatever a server answers, there is an error that can be read.
func TestHostileInstance(t *testing.T) {
	for _, status := range []int{200, 302, 403, 500} {
		for _, answer := range answers {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "http://127.0.0.1:1/")
				w.WriteHeader(status)
				w.Write([]byte(answer))
			}))
			c := &Client{URL: s.URL, HTTP: s.Client(), MaxEvent: 1 << 20}
			_, v := c.Version(t.Context())
			_, e := c.Event(t.Context(), uuid(1))
			_, w := c.Wants(t.Context(), []*Event{eventAt(t, 1, 1)})
			for i, err := range []error{v, e, w} {
				if err == nil && (i != 2 || answer != "null") || err != nil && len(err.Error()) > 1000 {
					t.Errorf("%d %.60q, question %d: %v", status, answer, i, err)
				}
			}
			if _, err := c.Index(t.Context(), Filter{}); err == nil && (status != 200 || answer != "null") {
				t.Errorf("%d %.60q: an index", status, answer)
			}
			s.Close()
		}
	}
}

// Whatever stands in an answer, reading it ends, and what an index names is a UUID.
func FuzzAnswer(f *testing.F) {
	for _, a := range answers[:len(answers)-4] {
		f.Add([]byte(a))
	}
	f.Add([]byte(`[{"uuid":"` + uuid(1) + `","timestamp":"1","published":1}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		said(raw, 403)
		refused(raw)
		list, err := parseIndex(raw)
		for _, r := range list {
			if err != nil || len(r.UUID) != 36 {
				t.Errorf("%q %v", r.UUID, err)
			}
		}
		if e, err := Parse(raw); err == nil {
			if p, err := e.Pulled(); err != nil || p.UUID != e.UUID {
				t.Error(err)
			}
		}
	})
}

// An index may come with numbers as strings, truths as numbers and events that
// are wrapped; pages end, even where the server knows none.
func TestIndexPages(t *testing.T) {
	pages := []string{
		`{"response":[{"Event":{"uuid":"` + strings.ToUpper(uuid(171)) + `","timestamp":5,"published":"1"}},{"uuid":"` + uuid(2) + `","timestamp":"6","published":1,"publish_timestamp":null}]}`,
		`[{"uuid":"` + uuid(2) + `","timestamp":"6"},{"uuid":"` + uuid(3) + `","timestamp":"7"}]`,
	}
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var f struct{ Page, Limit int }
		if json.NewDecoder(r.Body).Decode(&f) != nil || f.Limit != 2 || f.Page != asked+1 {
			t.Errorf("%+v", f)
		}
		w.Write([]byte(pages[min(asked, 1)]))
		asked++
	}))
	defer s.Close()
	list, err := (&Client{URL: s.URL, HTTP: s.Client()}).Index(t.Context(), Filter{Limit: 2})
	if err != nil || len(list) != 3 || asked != 3 {
		t.Fatal(list, err, asked)
	}
	if list[0] != (Remote{UUID: uuid(171), Timestamp: 5, Published: true}) || !list[1].Published {
		t.Error(list)
	}
}
