package misp

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tocsin-project/tocsin/stix"
)

// refsOf returns the markings of the object with an identifier.
func refsOf(t *testing.T, all map[stix.ID]*stix.Object, id string) []stix.ID {
	t.Helper()
	o := all[stix.ID(id)]
	if o == nil {
		t.Fatalf("no object is %s", id)
	}
	return o.ObjectMarkingRefs
}

// The strictest of tags and distributions holds, of a part and of what it is
// in: no TLP tag, colour or distribution of an attribute is weakened by those
// around it, and the event as it came is as strict as all of it.
func TestMarkings(t *testing.T) {
	group := stix.ID("marking-definition--" + uuid(4))
	for i, c := range []struct {
		event, attribute, tag, own string // distributions and tags of TLP
		want                       []stix.ID
	}{
		{"3", "5", "", "", nil},
		{"3", "3", "", "tlp:clear", []stix.ID{stix.TLPClear.MarkingID()}},
		{"3", "5", "tlp:white", "TLP:GREEN", []stix.ID{stix.TLPGreen.MarkingID()}},
		{"3", "5", "tlp:amber", "tlp:green", []stix.ID{stix.TLPAmber.MarkingID()}},
		{"1", "5", "", "", []stix.ID{stix.TLPGreen.MarkingID()}},
		{"2", "5", "tlp:clear", "", []stix.ID{stix.TLPGreen.MarkingID()}},
		{"3", "0", "tlp:clear", "", []stix.ID{stix.TLPAmberStrict.MarkingID()}},
		{"0", "3", "", "", []stix.ID{stix.TLPAmberStrict.MarkingID()}},
		{"0", "5", "tlp:red", "", []stix.ID{stix.TLPRed.MarkingID()}},
		{"4", "5", "", "", []stix.ID{group}},
		{"4", "0", "tlp:green", "tlp:amber", []stix.ID{stix.TLPAmberStrict.MarkingID(), group}},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			e := parse(t, fmt.Sprintf(`{"uuid":%q,"info":"x","distribution":%q,"sharing_group_id":"5","SharingGroup":{"uuid":%q,"name":"G"},"Tag":[{"name":%q}],
				"Attribute":[{"uuid":%q,"type":"domain","value":"example.org","to_ids":true,"distribution":%q,"Tag":[{"name":%q}]}]}`,
				uuid(1), c.event, uuid(4), c.tag, uuid(2), c.attribute, c.own))
			objects, _ := e.STIX()
			all := check(t, objects)
			if got := refsOf(t, all, "indicator--"+uuid(2)); !slices.Equal(got, c.want) {
				t.Errorf("the indicator is marked %v, want %v", got, c.want)
			}
			if got := refsOf(t, all, OriginalType+"--"+uuid(1)); !slices.Equal(got, c.want) {
				t.Errorf("the event as it came is marked %v, want %v", got, c.want)
			}
			for _, id := range c.want {
				if stix.TLPOf(id) == stix.TLPNone && all[id] == nil {
					t.Errorf("%s marks, but nothing says what it is", id)
				}
			}
		})
	}
}

// What an object of MISP holds, its STIX holds: it is as strict as the strictest
// of its attributes, and so are the observables.
func TestMarkingOfObjects(t *testing.T) {
	e := parse(t, `{"uuid":"`+uuid(1)+`","info":"x","distribution":"3","Object":[{"uuid":"`+uuid(2)+`","name":"file","Attribute":[
		{"uuid":"`+uuid(3)+`","object_relation":"filename","type":"filename","value":"a"},{"uuid":"`+uuid(4)+`","object_relation":"md5","type":"md5","value":"`+uuid(5)[:8]+`","distribution":"4","sharing_group_id":"9"}]}]}`)
	objects, _ := e.STIX()
	all := check(t, objects)
	for _, o := range objects {
		switch o.Type {
		case "observed-data", "file", OriginalType:
			if len(o.ObjectMarkingRefs) != 1 || all[o.ObjectMarkingRefs[0]] == nil {
				t.Errorf("%s is marked %v, want the sharing group", o.ID, o.ObjectMarkingRefs)
			}
		}
	}
	other := parse(t, `{"uuid":"`+uuid(6)+`","info":"x","distribution":"4","sharing_group_id":"9"}`)
	elsewhere, _ := other.STIX()
	for _, o := range elsewhere {
		if o.Type == "marking-definition" && all[o.ID] != nil {
			t.Errorf("number 9 is a sharing group of one instance, but two events share %s", o.ID)
		}
	}
}
