package exchange

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/misp"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// A Publication is what was written of a node.
type Publication struct {
	Objects, Files int
	Changed        int // files that are not as they were before
	Problems       []misp.Problem
}

// A publisher writes down what a handler answers to anyone.
type publisher struct {
	still
	handler taxii.Handler
	tree    *tree
	index   string
	done    Publication
	tell    func(objects int)

	file   *os.File
	bundle *bufio.Writer
	begun  bool
	feed   feed
	reply  reply
}

// Publish writes what the node gives to anyone over TAXII into a folder: of each
// address a file, index in a folder of that path, to the byte as the node answers;
// pages behind the first one by their next; a bundle of everything, and a feed of
// MISP. The folder takes the place of the one before once it is whole. The store
// must not change meanwhile. tell is told how many objects are written.
func (b *Backend) Publish(ctx context.Context, dir, index string, tell func(objects int)) (Publication, error) {
	t, err := newTree(dir)
	if err != nil {
		return Publication{}, err
	}
	p := &publisher{still: still{Backend: b}, tree: t, index: index, tell: tell}
	p.handler.Backend = &p.still
	if err = p.all(ctx); err == nil {
		err = t.finish()
	}
	if err != nil {
		t.drop()
		return p.done, fmt.Errorf("publish to %s: %w", dir, err)
	}
	p.done.Changed = t.changed
	return p.done, nil
}

func (p *publisher) all(ctx context.Context) error {
	for _, path := range []string{taxii.DiscoveryPath, "/" + Root + "/", "/" + Root + "/collections/"} {
		if _, err := p.write(ctx, path, ""); err != nil {
			return err
		}
	}
	list, err := p.Backend.Collections(ctx, Root)
	if err != nil {
		return err
	}
	for _, c := range list {
		if !c.CanRead {
			continue
		}
		if err := p.collection(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// collection writes one collection: what it is, its pages, each object and its
// versions. The one that has everything makes the bundle and the feed as well.
func (p *publisher) collection(ctx context.Context, c taxii.Collection) (err error) {
	p.c = c
	path := "/" + Root + "/collections/" + c.ID + "/"
	if _, err := p.write(ctx, path, ""); err != nil {
		return err
	}
	if err := os.Symlink(c.ID, filepath.Join(p.tree.part, Root, "collections", c.Alias)); err != nil {
		return err
	}
	everything := c.Alias == kinds[0].alias
	if everything {
		if err := p.begin(); err != nil {
			return err
		}
	}
	for next := ""; ; {
		n, err := p.write(ctx, path+"objects/", next)
		if err != nil {
			return err
		}
		if m, err := p.write(ctx, path+"manifest/", next); err != nil || m != n {
			return errors.Join(err, errChanged(m != n))
		}
		if err := p.objects(ctx, path, everything); err != nil {
			return err
		}
		if next = n; next == "" {
			break
		}
	}
	if everything {
		return p.end()
	}
	return nil
}

func errChanged(changed bool) error {
	if changed {
		return errors.New("the store has changed meanwhile: publish from a copy of it")
	}
	return nil
}

// objects writes each object of the page that was written last.
func (p *publisher) objects(ctx context.Context, path string, everything bool) error {
	page, manifest := p.page, p.manifest
	if len(page.Objects) != len(manifest.Records) {
		return errChanged(true)
	}
	versions, err := p.versions(ctx, manifest.Records)
	if err != nil {
		return err
	}
	defer func() { p.one, p.oneManifest = nil, nil }()
	for i, r := range manifest.Records {
		if r.ID.Valid() != nil {
			return fmt.Errorf("%q is no identifier: the store is damaged, restore a backup", r.ID)
		}
		if p.one, p.oneManifest = nil, nil; strings.ToLower(string(r.ID)) == string(r.ID) { // else it may be another's as well
			p.one, p.oneManifest = &taxii.Page{Objects: page.Objects[i : i+1]}, versions[r.ID]
		}
		at := path + "objects/" + string(r.ID) + "/"
		if _, err := p.write(ctx, at, ""); err != nil {
			return err
		}
		for next := ""; ; {
			if next, err = p.write(ctx, at+"versions/", next); err != nil {
				return err
			}
			if next == "" {
				break
			}
		}
		if everything {
			if err := p.told(page.Objects[i].Raw); err != nil {
				return err
			}
		}
	}
	if everything {
		p.done.Objects += len(page.Objects)
	}
	p.tell(len(page.Objects))
	return nil
}

// versions reads all versions of the objects of a page at once.
func (p *publisher) versions(ctx context.Context, page []taxii.ManifestRecord) (map[stix.ID][]taxii.ManifestRecord, error) {
	versions := make(map[stix.ID][]taxii.ManifestRecord, len(page))
	if len(page) == 0 {
		return versions, nil
	}
	f := taxii.Filter{Versions: taxii.VersionFilter{All: true}, Limit: scan}
	for _, r := range page {
		f.IDs = append(f.IDs, r.ID)
	}
	for {
		m, err := p.Backend.Manifest(ctx, Root, p.c, f)
		if err != nil {
			return nil, err
		}
		for _, r := range m.Records {
			versions[r.ID] = append(versions[r.ID], r)
		}
		if !m.More {
			return versions, nil
		}
		f.AddedAfter = m.Records[len(m.Records)-1].DateAdded.Time
	}
}

// write writes the answer to a path, of the page that next names, and returns what
// names the one behind it.
func (p *publisher) write(ctx context.Context, path, next string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	name, query := path[1:]+p.index, ""
	if next != "" {
		name, query = path[1:]+"next/"+next+filepath.Ext(p.index), "?next="+next
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, path+query, nil)
	if err != nil {
		return "", err
	}
	p.reply.status = http.StatusOK
	clear(p.reply.header)
	p.reply.body.Reset()
	p.handler.ServeHTTP(&p.reply, r)
	body := p.reply.body.Bytes()
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if p.reply.status != http.StatusOK {
		return "", fmt.Errorf("%s: %d: %s", path, p.reply.status, body)
	}
	var envelope struct {
		Next string `json:"next"`
	}
	if bytes.HasPrefix(body, []byte(`{"more":true`)) {
		if err := json.Unmarshal(body, &envelope); err != nil {
			return "", err
		}
		if strings.Trim(envelope.Next, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
			return "", fmt.Errorf("%s: next %q is no name of a file", path, envelope.Next)
		}
	}
	p.done.Files++
	return envelope.Next, p.tree.file(name, body)
}

// A still is a backend that has read what it is asked for already, and else asks.
type still struct {
	*Backend
	c           taxii.Collection
	one         *taxii.Page // an object by itself, and its versions
	oneManifest []taxii.ManifestRecord
	page        taxii.Page // that was asked for last
	manifest    taxii.ManifestPage
}

// Collection returns the one at hand.
func (s *still) Collection(context.Context, string, string) (taxii.Collection, error) {
	return s.c, nil
}

// Objects implements taxii.Backend.
func (s *still) Objects(ctx context.Context, root string, c taxii.Collection, f taxii.Filter) (page taxii.Page, err error) {
	if s.one != nil {
		return *s.one, nil
	}
	page, err = s.Backend.Objects(ctx, root, c, f)
	if len(f.IDs) == 0 {
		s.page = page
	}
	return page, err
}

// Manifest implements taxii.Backend.
func (s *still) Manifest(ctx context.Context, root string, c taxii.Collection, f taxii.Filter) (page taxii.ManifestPage, err error) {
	if s.one != nil {
		list := s.oneManifest
		i, _ := slices.BinarySearchFunc(list, f.AddedAfter, func(r taxii.ManifestRecord, at time.Time) int {
			if r.DateAdded.After(at) {
				return 1
			}
			return -1
		})
		if list = list[i:]; len(list) > f.Limit {
			return taxii.ManifestPage{Records: list[:f.Limit], More: true}, nil
		}
		return taxii.ManifestPage{Records: list}, nil
	}
	page, err = s.Backend.Manifest(ctx, root, c, f)
	if len(f.IDs) == 0 {
		s.manifest = page
	}
	return page, err
}

// A reply is an answer in memory.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *reply) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}

// WriteHeader implements http.ResponseWriter.
func (r *reply) WriteHeader(status int) { r.status = status }

// Write implements http.ResponseWriter.
func (r *reply) Write(b []byte) (int, error) { return r.body.Write(b) }
