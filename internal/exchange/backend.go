// Package exchange gives what a node knows to other nodes, and takes in what
// they give.
//
// Who asks sees what the markings allow it to see (package tlp), and nothing
// that refers to what is withheld from it: no object, identifier, count or date
// of that leaves the node.
package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// Root is the name of the one root that a node has.
const Root = "api"

// A Backend serves a store over TAXII.
type Backend struct {
	Store    store.Store
	Own      auth.Org
	URL      string   // that the node is reached at, without a slash at its end
	Unmarked stix.TLP // what objects without a colour are taken for
	MaxBody  int64    // bytes of a request

	kept      kept
	catalogue catalogue
	rolls     rolls
}

var _ taxii.Backend = (*Backend)(nil)

var errNoRoot = taxii.Fail(http.StatusNotFound, "API root not found", "this node has one root: /"+Root+"/")

// clearance is what who asks may see.
func (b *Backend) clearance(s auth.Subject) tlp.Clearance {
	c := tlp.Clearance{Org: s.Org.ID, Unmarked: b.Unmarked, Limit: s.Org.Limit, PAP: s.Org.PAP, At: time.Now()}
	switch s.Org.Standing {
	case auth.Own:
		c.Audience, c.PAP = tlp.Organisation, stix.TLPRed
	case auth.Client:
		c.Audience = tlp.Client
	case auth.Partner:
		c.Audience = tlp.Community
	}
	return c
}

// Discovery implements taxii.Backend.
func (b *Backend) Discovery(context.Context) (taxii.Discovery, error) {
	root := b.URL + "/" + Root + "/"
	return taxii.Discovery{Title: b.Own.Name, Description: "A node of collective cyber defence.", Default: root, APIRoots: []string{root}}, nil
}

// APIRoot implements taxii.Backend.
func (b *Backend) APIRoot(_ context.Context, root string) (taxii.APIRoot, error) {
	if root != Root {
		return taxii.APIRoot{}, errNoRoot
	}
	return taxii.APIRoot{Title: b.Own.Name, Versions: []string{taxii.MediaType}, MaxContentLength: b.MaxBody}, nil
}

// Objects implements taxii.Backend.
func (b *Backend) Objects(ctx context.Context, _ string, c taxii.Collection, f taxii.Filter) (taxii.Page, error) {
	p, err := b.page(ctx, c, f)
	if err != nil {
		return taxii.Page{}, err
	}
	return p.objects, nil
}

// Manifest implements taxii.Backend.
func (b *Backend) Manifest(ctx context.Context, _ string, c taxii.Collection, f taxii.Filter) (taxii.ManifestPage, error) {
	p, err := b.page(ctx, c, f)
	if err != nil {
		return taxii.ManifestPage{}, err
	}
	return p.manifest, nil
}

// page returns what f selects of a collection for who asks. All who see the same
// are given the same one.
func (b *Backend) page(ctx context.Context, c taxii.Collection, f taxii.Filter) (*page, error) {
	reader := b.clearance(auth.From(ctx))
	d, err := b.definition(ctx, c.Alias)
	if err != nil {
		return nil, err
	}
	return b.kept.page(ctx, b.Store, reader, selects(c, f)+d.key(), func() (*page, error) {
		read := b.read
		if d != nil {
			read = func(ctx context.Context, reader tlp.Clearance, _ taxii.Collection, f taxii.Filter) (listing, error) {
				return b.live(ctx, reader, d, f)
			}
		}
		l, err := read(ctx, reader, c, f)
		return l.page(), err
	})
}

// A listing is a part of a collection.
type listing struct {
	records []store.Record
	more    bool
}

// read reads records, and one more than the page has, which says that there are
// more.
func (b *Backend) read(ctx context.Context, reader tlp.Clearance, c taxii.Collection, f taxii.Filter) (l listing, err error) {
	q, any := selection(typesOf(c.Alias), f)
	if !any {
		return l, nil
	}
	q.Limit = f.Limit + 1
	if l.records, err = b.Store.List(ctx, reader, q); len(l.records) > f.Limit {
		l.records, l.more = l.records[:f.Limit], true
	}
	return l, err
}

func (l *listing) page() *page {
	p := &page{
		objects:  taxii.Page{Objects: make([]taxii.Added, len(l.records)), More: l.more},
		manifest: taxii.ManifestPage{Records: make([]taxii.ManifestRecord, len(l.records)), More: l.more},
	}
	for i := range l.records {
		r := &l.records[i]
		p.objects.Objects[i] = taxii.Added{Date: r.Added, Raw: r.Object.Raw()}
		p.manifest.Records[i] = taxii.ManifestRecord{
			ID: r.Object.ID, DateAdded: taxii.Timestamp{Time: r.Added}, Version: taxii.VersionOf(r.Object), MediaType: taxii.STIXMediaType,
		}
	}
	return p
}

// Add implements taxii.Backend. An object that breaks a MUST of STIX is refused.
func (b *Backend) Add(ctx context.Context, _ string, _ taxii.Collection, s taxii.Submission) (taxii.Status, error) {
	who := auth.From(ctx)
	status := taxii.Status{ID: stix.NewID("status").UUID(), Status: taxii.Complete, RequestTimestamp: taxii.Timestamp{Time: time.Now()}, Failures: s.Failures}
	var batch []store.Incoming
	var of []int // which of the objects each of the batch is of: one of STIX 2.0 can make several
	told := make([]string, len(s.Objects))
	for i, o := range s.Objects {
		lifted, err := stix.Lift(o)
		if err != nil {
			told[i] = fmt.Sprintf("STIX 2.0 that cannot be read as 2.1: %v", err)
			continue
		}
		if told[i] = broken(lifted); told[i] != "" {
			continue
		}
		for _, o := range lifted {
			batch, of = append(batch, store.Incoming{Object: o, Source: who.Org.Name}), append(of, i)
		}
	}
	outcomes, err := b.Store.Import(ctx, batch)
	if err != nil {
		return status, err
	}
	b.kept.changed()
	for k, o := range outcomes {
		if o.Status != store.New && o.Status != store.NewVersion && o.Status != store.Same {
			told[of[k]] = fmt.Sprintf("%v: %s", o.Status, o.Reason)
		}
	}
	for i, o := range s.Objects {
		detail := taxii.StatusDetail{ID: string(o.ID), Version: taxii.VersionOf(o), Message: told[i]}
		if told[i] == "" {
			status.Successes = append(status.Successes, detail)
		} else {
			status.Failures = append(status.Failures, detail)
		}
	}
	status.SuccessCount, status.FailureCount = len(status.Successes), len(status.Failures)
	status.TotalCount = status.SuccessCount + status.FailureCount
	value, err := json.Marshal(receipt{who.Org.ID, status})
	if err == nil {
		err = b.Store.PutEntry(ctx, store.Entry{Kind: statuses, ID: status.ID, Value: value})
	}
	return status, err // to send the objects again does no harm
}

// broken returns the first MUST that one of the objects breaks.
func broken(objects []*stix.Object) string {
	for _, o := range objects {
		for _, p := range stix.Validate(o) {
			if p.Must {
				return p.String()
			}
		}
	}
	return ""
}

// statuses are the entries that keep what became of what was sent.
const statuses = "status"

// A receipt is a status and whose it is.
type receipt struct {
	Org    stix.ID      `json:"org"`
	Status taxii.Status `json:"status"`
}

// Status implements taxii.Backend.
func (b *Backend) Status(ctx context.Context, root, id string) (taxii.Status, error) {
	if root != Root {
		return taxii.Status{}, errNoRoot
	}
	var r receipt
	e, err := b.Store.Entry(ctx, statuses, id)
	if err == nil {
		err = json.Unmarshal(e.Value, &r)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && r.Org != auth.From(ctx).Org.ID {
		return taxii.Status{}, taxii.Fail(http.StatusNotFound, "Status not found", "it is told to who sent the objects, and to nobody else")
	}
	return r.Status, err
}

// Delete implements taxii.Backend: it withdraws an object in all its versions. A
// releaser of the node's own organisation withdraws any, those of others what came
// from their organisation alone.
func (b *Backend) Delete(ctx context.Context, _ string, c taxii.Collection, f taxii.Filter) error {
	who := auth.From(ctx)
	if !who.May(auth.Releaser, c.Alias) {
		return taxii.Fail(http.StatusForbidden, "Not yours to withdraw", "that takes a token with the role of a releaser; or send a version with revoked set to true")
	}
	if !f.Versions.All {
		return taxii.Fail(http.StatusForbidden, "Not by version", "an object is withdrawn in all its versions: leave out match[version]")
	}
	l, err := b.read(ctx, b.clearance(who), c, taxii.Filter{IDs: f.IDs, Limit: len(f.IDs)})
	if err != nil {
		return err
	}
	var ids []stix.ID
	for _, r := range l.records {
		if who.Org.Standing != auth.Own {
			sources, err := b.Store.Sources(ctx, tlp.Local(), r.Object.ID)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(sources, func(s store.Receipt) bool { return s.Source != who.Org.Name }) {
				return taxii.Fail(http.StatusForbidden, "Not yours to withdraw", "others have sent it too: send a version with revoked set to true")
			}
		}
		ids = append(ids, r.Object.ID)
	}
	n, err := b.Store.Withdraw(ctx, ids)
	if err != nil {
		return err
	}
	b.kept.changed()
	if n == 0 {
		return taxii.Fail(http.StatusNotFound, "Object not found", "there is no object of this identifier in the collection that you may see")
	}
	return nil
}
