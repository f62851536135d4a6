package exchange

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/tocsin-project/tocsin/misp"
	"github.com/tocsin-project/tocsin/stix"
)

// Names in a published folder, beside those of TAXII.
const (
	bundleFile = "bundle.json"
	feedFolder = "misp"
)

// A feed is the objects of the feed of MISP. Events are made of objects that stand
// together, so that all must be in memory; of more than maxFeed there is none.
type feed struct {
	objects []*stix.Object
	size    int
	over    bool
}

// maxFeed is how many bytes of objects a feed is made of.
const maxFeed = 64 << 20

// begin begins the bundle. Its identifier is that of the node: it says nothing, and
// would make the file another one each time.
func (p *publisher) begin() error {
	f, err := os.Create(filepath.Join(p.tree.part, bundleFile))
	if err != nil {
		return err
	}
	p.file = f
	p.bundle = bufio.NewWriterSize(f, 1<<18)
	_, err = fmt.Fprintf(p.bundle, `{"type":"bundle","id":"%s"`, stix.NamedID("bundle", string(p.Own.ID)))
	return err
}

// told adds an object to the bundle and to the feed.
func (p *publisher) told(raw []byte) error {
	between := ",\n"
	if !p.begun {
		between, p.begun = `,"objects":[`+"\n", true
	}
	_, _ = p.bundle.WriteString(between)
	if _, err := p.bundle.Write(raw); err != nil {
		return err
	}
	if p.feed.size += len(raw); p.feed.size > maxFeed {
		p.feed = feed{size: p.feed.size, over: true}
		return nil
	}
	o, err := stix.Parse(raw)
	p.feed.objects = append(p.feed.objects, o)
	return err
}

// end writes the end of the bundle, and the feed.
func (p *publisher) end() error {
	end := "}\n"
	if p.begun {
		end = "\n]}\n"
	}
	_, _ = p.bundle.WriteString(end)
	if err := errors.Join(p.bundle.Flush(), p.file.Close(), p.tree.keep(bundleFile)); err != nil {
		return err
	}
	p.done.Files++
	if p.feed.over {
		p.done.Problems = append(p.done.Problems, misp.Problem{Message: fmt.Sprintf("no feed of MISP: its events would be made of more than %d MB of objects; tocsin export --feed makes one of a part", maxFeed>>20)})
		return nil
	}
	events, problems := misp.FromSTIX(p.feed.objects)
	p.feed = feed{}
	p.done.Problems = append(p.done.Problems, problems...)
	if err := misp.WriteFeed(filepath.Join(p.tree.part, feedFolder), slices.Values(events)); err != nil {
		return err
	}
	list, err := os.ReadDir(filepath.Join(p.tree.part, feedFolder))
	for _, f := range list {
		p.done.Files++
		err = errors.Join(err, p.tree.keep(feedFolder+"/"+f.Name()))
	}
	return err
}
