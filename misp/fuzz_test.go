package misp

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/stix"
)

// Whatever an event holds, its objects keep the MUSTs of STIX, have identifiers
// of their own and take the event back to the byte.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(fullEvent))
	f.Add([]byte(everyType(false)[:2000] + `]}}`))
	f.Add([]byte(`{"uuid":"` + uuid(1) + `","info":"i","Attribute":[{"uuid":"` + uuid(2) + `","type":"vulnerability","value":"CVE-2021-E-855"}]}`))
	for _, a := range draftTypes {
		for _, toIDs := range []string{"true", "false"} {
			f.Add([]byte(`{"uuid":"` + uuid(1) + `","info":"i","Attribute":[{"uuid":"` + uuid(2) + `","type":"` + a[0] + `","to_ids":` + toIDs + `,"value":"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(a[1]) + `"}]}`))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 64<<10 {
			return
		}
		e, err := Parse(raw)
		if err != nil {
			return
		}
		objects, _ := e.STIX()
		again, _ := e.STIX()
		if !slices.EqualFunc(objects, again, func(a, b *stix.Object) bool { return bytes.Equal(a.Raw(), b.Raw()) }) {
			t.Error("the same event gave other objects")
		}
		ids := map[stix.ID]bool{}
		for _, o := range objects {
			if ids[o.ID] {
				t.Errorf("two objects have the identifier %s", o.ID)
			}
			ids[o.ID] = true
			for _, p := range stix.Validate(o) {
				if p.Must {
					t.Errorf("%s: %v\n%s", o.ID, p, o.Raw())
				}
			}
		}
		back, _ := FromSTIX(objects)
		if len(back) == 0 || !bytes.Equal(back[0].Raw(), e.Raw()) {
			t.Errorf("%d events came back, and the first is not what was sent", len(back))
		}
		rest := slices.DeleteFunc(objects, func(o *stix.Object) bool { return o.Type == OriginalType })
		FromSTIX(rest)
	})
}

// Whatever a stream or the files of a feed hold, reading them ends.
func FuzzFeed(f *testing.F) {
	f.Add([]byte(`{"response":[{"Event":{"uuid":"` + uuid(1) + `","info":"one"}},{"uuid":"` + uuid(2) + `","info":"two"}]}`))
	f.Add([]byte(`[{"uuid":"x","info":"y"},{"Event":{}}]`))
	f.Add([]byte(`{"` + uuid(1) + `":{"Orgc":{"name":"x"},"info":"i","timestamp":"1","Tag":[]}}`))
	f.Add([]byte(strings.Repeat("0", 32) + "," + uuid(1) + "\n"))
	f.Add([]byte(`{"type":"threat-actor","values":[{"value":"x","uuid":"` + uuid(1) + `","meta":{"synonyms":["y"],"country":"XA"},"related":[{"dest-uuid":"` + uuid(1) + `","type":"a b"}]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := NewReader(bytes.NewReader(raw))
		r.MaxEvent = 1 << 20
		for n := 0; ; n++ {
			if _, err := r.Next(); err != nil {
				if _, ok := err.(*EventError); !ok {
					break
				}
			}
			if n > len(raw) {
				t.Fatal("more events than bytes")
			}
		}
		if m, err := ParseManifest(raw); err == nil {
			for uuid := range m {
				if strings.ContainsAny(uuid, `/\.`) {
					t.Errorf("the manifest names the file %q", uuid)
				}
			}
		}
		for range ParseHashes(bytes.NewReader(raw)) {
		}
		g, err := ParseGalaxy(raw)
		if err != nil {
			return
		}
		objects, _ := g.STIX(g)
		ids := map[stix.ID]bool{}
		for _, o := range objects {
			if ids[o.ID] {
				t.Errorf("two objects have the identifier %s", o.ID)
			}
			ids[o.ID] = true
			for _, p := range stix.Validate(o) {
				if p.Must {
					t.Errorf("%s: %v\n%s", o.ID, p, o.Raw())
				}
			}
		}
	})
}

// Whatever objects say, taking them to MISP ends with events that can be read.
func FuzzFromSTIX(f *testing.F) {
	e, err := Parse([]byte(fullEvent))
	if err != nil {
		f.Fatal(err)
	}
	objects, _ := e.STIX()
	for _, o := range objects {
		f.Add(o.Raw())
	}
	f.Add([]byte(`{"type":"indicator","id":"indicator--` + uuid(30) + `","modified":"2031-01-01T00:00:00Z","pattern":"[file:hashes.MD5 = 'x' OR file:name IN ('a','b')]","pattern_type":"stix","valid_from":"2021-01-01T00:00:00Z","labels":["x"],"revoked":true}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := stix.Parse(raw)
		if err != nil {
			return
		}
		for _, list := range [][]*stix.Object{{o}, append(slices.Clone(objects), o)} {
			events, _ := FromSTIX(list)
			for _, e := range events {
				if _, err := Parse(e.Raw()); err != nil {
					t.Errorf("an event that cannot be read: %v\n%s", err, e.Raw())
				}
			}
		}
	})
}
