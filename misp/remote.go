package misp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// maxPages is how many pages of an index are asked for.
const maxPages = 10_000

// A Filter chooses events of an instance. Of a list any one does; what begins
// with "!" must not be there. All filters must hold.
type Filter struct {
	Tags        []string
	Orgs        []string // who made the event, by name or UUID
	Since       int64    // seconds: published at that time or later; 0: at any
	Unpublished bool     // those that are not published yet, too
	Limit       int      // events of a page; 0: all in one
}

// A Remote is what the index of an instance says of one event.
type Remote struct {
	UUID             string `json:"uuid"`
	OrgcUUID         string `json:"orgc_uuid"`
	Timestamp        int64  `json:"timestamp,string"`         // of the last edit, in seconds
	PublishTimestamp int64  `json:"publish_timestamp,string"` // 0: not told
	Published        bool   `json:"published"`
}

// Index returns what the instance has for the key, page by page, each UUID
// once. It asks for no event.
func (c *Client) Index(ctx context.Context, f Filter) ([]Remote, error) {
	ask := map[string]any{"minimal": 1}
	if !f.Unpublished {
		ask["published"] = 1
	}
	if len(f.Tags) > 0 {
		ask["tag"] = strings.Join(f.Tags, "|")
	}
	if len(f.Orgs) > 0 {
		ask["org"] = strings.Join(f.Orgs, "|")
	}
	if f.Since > 0 {
		ask["publish_timestamp"] = strconv.FormatInt(f.Since, 10)
	}
	met := map[string]bool{}
	var all []Remote
	for page := 1; page <= maxPages; page++ {
		if f.Limit > 0 {
			ask["limit"], ask["page"] = f.Limit, page
		}
		body, err := json.Marshal(ask, json.Deterministic(true))
		if err != nil {
			return nil, err
		}
		raw, err := c.ask(ctx, http.MethodPost, "/events/index", body, maxIndex)
		if err != nil {
			return nil, err
		}
		list, err := parseIndex(raw)
		if err != nil {
			return nil, err
		}
		fresh := 0
		for _, r := range list {
			if !met[r.UUID] {
				met[r.UUID], all, fresh = true, append(all, r), fresh+1
			}
		}
		// A server that knows no pages gives the same one again.
		if f.Limit == 0 || len(list) < f.Limit || fresh == 0 {
			return all, nil
		}
	}
	return nil, fmt.Errorf("the index has more than %d pages: choose fewer events by tag or organisation", maxPages)
}

// parseIndex reads one page: a list of events, bare or under "Event", or such a
// list under "response".
func parseIndex(raw []byte) ([]Remote, error) {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '{' {
		var answer struct {
			Response jsontext.Value `json:"response"`
		}
		if err := json.Unmarshal(raw, &answer, lenient); err != nil || answer.Response == nil {
			return nil, errNoMISP
		}
		raw = answer.Response
	}
	var list []struct {
		Remote
		Event *Remote `json:"Event"`
	}
	if err := json.Unmarshal(raw, &list, lenient); err != nil {
		return nil, fmt.Errorf("the index of events cannot be read: %w", plain(err))
	}
	all := make([]Remote, len(list))
	for i, e := range list {
		all[i] = e.Remote
		if e.Event != nil {
			all[i] = *e.Event
		}
		all[i].UUID = strings.ToLower(all[i].UUID)
		if stix.ID(OriginalType+"--"+all[i].UUID).Valid() != nil {
			return nil, fmt.Errorf("the index of events has %q where a UUID (RFC 4122) must stand: ask the operator of the instance", cut(all[i].UUID))
		}
	}
	return all, nil
}

// Event fetches one event with what was deleted of it, and without what is of
// that instance alone: its local tags and correlations.
func (c *Client) Event(ctx context.Context, uuid string) (*Event, error) {
	if stix.ID(OriginalType+"--"+strings.ToLower(uuid)).Valid() != nil {
		return nil, fmt.Errorf("%q: %w", cut(uuid), errNoUUID)
	}
	limit := c.MaxEvent
	if limit <= 0 {
		limit = DefaultMaxEvent
	}
	raw, err := c.ask(ctx, http.MethodGet, "/events/view/"+uuid+"/deleted[]:0/deleted[]:1/excludeLocalTags:1/includeServerCorrelations:0", nil, limit)
	if err != nil {
		return nil, err
	}
	e, err := NewReader(bytes.NewReader(raw)).Next()
	var one *EventError
	if errors.As(err, &one) {
		err = one.Err
	}
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", uuid, err)
	}
	if !strings.EqualFold(e.UUID, uuid) {
		return nil, fmt.Errorf("event %s was asked for, and %s came: ask the operator of the instance", uuid, e.UUID)
	}
	return e, nil
}

// Wants asks which of events the instance has not, or has in an older version.
// It wants none that was made there.
func (c *Client) Wants(ctx context.Context, events []*Event) ([]string, error) {
	type stamp struct {
		UUID      string `json:"uuid"`
		Timestamp int64  `json:"timestamp,string"`
	}
	ask := make([]struct{ Event stamp }, len(events))
	offered := map[string]bool{}
	for i, e := range events {
		ask[i].Event = stamp{e.UUID, e.Timestamp}
		offered[strings.ToLower(e.UUID)] = true
	}
	body, err := json.Marshal(ask)
	if err != nil {
		return nil, err
	}
	raw, err := c.ask(ctx, http.MethodPost, "/events/filterEventIdsForPush", body, maxIndex)
	if err != nil {
		return nil, err
	}
	var list []string
	if err := json.Unmarshal(raw, &list, lenient); err != nil {
		return nil, errNoMISP
	}
	for _, uuid := range list {
		if !offered[strings.ToLower(uuid)] {
			return nil, fmt.Errorf("the instance wants event %q, which was not offered: ask its operator", cut(uuid))
		}
	}
	return list, nil
}

// Has reports whether the instance has an event.
func (c *Client) Has(ctx context.Context, uuid string) (bool, error) {
	_, err := c.ask(ctx, http.MethodHead, "/events/view/"+uuid, nil, maxAnswer)
	var no *ServerError
	if errors.As(err, &no) && no.Status == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}

// Send adds an event to the instance, or edits the one that it has. The event is
// sent as it is: leave out what the instance may not see.
func (c *Client) Send(ctx context.Context, e *Event) error {
	has, err := c.Has(ctx, e.UUID)
	if err != nil {
		return err
	}
	path := "/events/add/metadata:1"
	if has {
		path = "/events/edit/" + e.UUID + "/metadata:1"
	}
	_, err = c.ask(ctx, http.MethodPost, path, e.Wrapped(), DefaultMaxEvent)
	return err
}

// Pulled returns the event as an instance keeps one that it pulled from
// another: what was for connected communities is for the own one, and what was
// for the community of the other is for the own organisation alone. Nothing
// ever becomes open to more.
func (e *Event) Pulled() (*Event, error) {
	var edits []edit
	lower := func(fields map[string]span) {
		at, ok := fields["distribution"]
		if !ok {
			return
		}
		switch string(bytes.Trim(e.body[at.from:at.to], `"`)) {
		case "1":
			edits = append(edits, edit{at, []byte(`"0"`)})
		case "2":
			edits = append(edits, edit{at, []byte(`"1"`)})
		}
	}
	top := members(e.body, 0)
	lower(top)
	for _, list := range []string{"Attribute", "Object", "EventReport"} {
		at := top[list]
		for _, o := range elements(e.body[at.from:at.to], at.from) {
			fields := members(e.body[o.from:o.to], o.from)
			lower(fields)
			within := fields["Attribute"]
			for _, a := range elements(e.body[within.from:within.to], within.from) {
				lower(members(e.body[a.from:a.to], a.from))
			}
		}
	}
	if len(edits) == 0 {
		return e, nil
	}
	body := splice(e.body, edits)
	return Parse(bytes.Join([][]byte{e.raw[:e.at], body, e.raw[e.at+len(e.body):]}, nil))
}
