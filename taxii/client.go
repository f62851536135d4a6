package taxii

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/stix"
)

// A Client asks a TAXII server. The zero value asks without credentials.
type Client struct {
	// HTTP makes the requests; nil is http.DefaultClient. What addresses may be
	// asked, and how long one may take, is for it to say.
	HTTP *http.Client
	// Token is sent as Bearer, or User and Password as Basic (RFC 7617).
	Token, User, Password string
	// MaxAnswer is how many bytes an answer may have, unpacked; 0 is 256 MiB.
	MaxAnswer int64
}

const defaultMaxAnswer = 256 << 20

// Limits of the answers that carry no objects. A Status names each object of a
// post.
const (
	maxMessage = 4 << 20
	maxStatus  = 64 << 20
)

// Discover asks what a server offers. address is that of the server or of its
// discovery.
func (c *Client) Discover(ctx context.Context, address string) (Discovery, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Discovery{}, err
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = DiscoveryPath
	}
	u.Path = withSlash(u.Path)
	var d Discovery
	if err := c.message(ctx, u.String(), &d); err != nil {
		return Discovery{}, err
	}
	whole := func(root string) string { // some state paths alone
		if r, err := u.Parse(root); err == nil && root != "" {
			return r.String()
		}
		return root
	}
	for i, root := range d.APIRoots {
		d.APIRoots[i] = whole(root)
	}
	d.Default = whole(d.Default)
	return d, nil
}

// APIRoot asks about the root at an address.
func (c *Client) APIRoot(ctx context.Context, root string) (APIRoot, error) {
	var a APIRoot
	return a, c.message(ctx, withSlash(root), &a)
}

// Collections asks for those of a root.
func (c *Client) Collections(ctx context.Context, root string) ([]Collection, error) {
	var list Collections
	return list.Collections, c.message(ctx, withSlash(root)+"collections/", &list)
}

// Collection asks about the collection at an address.
func (c *Client) Collection(ctx context.Context, collection string) (Collection, error) {
	var one Collection
	return one, c.message(ctx, withSlash(collection), &one)
}

// CollectionAt returns the address of a collection of a root.
func CollectionAt(root, id string) string {
	return withSlash(root) + "collections/" + url.PathEscape(id) + "/"
}

func withSlash(address string) string {
	if strings.HasSuffix(address, "/") {
		return address
	}
	return address + "/"
}

// A Reply is a page of objects from a server.
type Reply struct {
	Envelope
	First, Last time.Time // when the first and last were added; zero when not said
}

// Objects asks for a page of the collection at an address: the one behind next,
// or the first when that is "".
func (c *Client) Objects(ctx context.Context, collection string, f Filter, next string) (Reply, error) {
	return c.page(ctx, withSlash(collection)+"objects/", f, next)
}

// Object asks for versions of one object.
func (c *Client) Object(ctx context.Context, collection string, id stix.ID, f Filter, next string) (Reply, error) {
	f.IDs, f.Types = nil, nil
	return c.page(ctx, withSlash(collection)+"objects/"+url.PathEscape(string(id))+"/", f, next)
}

func (c *Client) page(ctx context.Context, address string, f Filter, next string) (Reply, error) {
	var p Reply
	h, err := c.ask(ctx, http.MethodGet, address, f.query(next), nil, c.maxAnswer(), &p.Envelope)
	p.First, _ = ParseTimestamp(h.Get("X-TAXII-Date-Added-First")) // some do not say
	p.Last, _ = ParseTimestamp(h.Get("X-TAXII-Date-Added-Last"))
	return p, err
}

// Each asks for all pages that f selects and yields each. It goes on by next, and
// where a server says more but not next, by the date of the last object. A server
// that goes round in circles, or says more a hundred times and gives nothing, is
// left: it would never end.
func (c *Client) Each(ctx context.Context, collection string, f Filter, yield func(Reply) error) error {
	next, anchor := "", ""
	for n, power, empty := 1, 1, 0; ; n++ {
		p, err := c.Objects(ctx, collection, f, next)
		if err != nil {
			return err
		}
		if err := yield(p); err != nil || !p.More {
			return err
		}
		if empty++; len(p.Envelope.Objects) > 0 {
			empty = 0
		}
		switch {
		case empty == maxEmpty, p.Next != "" && p.Next == anchor:
			return fmt.Errorf("%s: %w", collection, errLoop)
		case p.Next != "":
			next = p.Next
		case p.Last.After(f.AddedAfter):
			next, f.AddedAfter = "", p.Last
		default:
			return fmt.Errorf("%s: %w", collection, errLoop)
		}
		if n == power { // any circle comes by here again (R. P. Brent, 1980)
			anchor, power = next, 2*power
		}
	}
}

// maxEmpty is how many pages without objects may follow one another: some servers
// leave out what may not be seen after they have cut the pages.
const maxEmpty = 100

var errLoop = errors.New("the server says that there is more and does not get on: ask its operator")

// Manifest asks for a page of the manifest.
func (c *Client) Manifest(ctx context.Context, collection string, f Filter, next string) (Manifest, error) {
	var m Manifest
	_, err := c.ask(ctx, http.MethodGet, withSlash(collection)+"manifest/", f.query(next), nil, c.maxAnswer(), &m)
	return m, err
}

// Versions asks for the versions of an object.
func (c *Client) Versions(ctx context.Context, collection string, id stix.ID, next string) (Versions, error) {
	var v Versions
	_, err := c.ask(ctx, http.MethodGet, withSlash(collection)+"objects/"+url.PathEscape(string(id))+"/versions/", Filter{}.query(next), nil, maxMessage, &v)
	return v, err
}

// Add sends objects, as they are, to the collection at an address.
func (c *Client) Add(ctx context.Context, collection string, objects []*stix.Object) (Status, error) {
	body := []byte(`{"objects":[`)
	for i, o := range objects {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, o.Raw()...)
	}
	var s Status
	_, err := c.ask(ctx, http.MethodPost, withSlash(collection)+"objects/", nil, append(body, `]}`...), maxStatus, &s)
	return s, cmp.Or(err, s.said())
}

// Status asks what became of what was sent.
func (c *Client) Status(ctx context.Context, root, id string) (Status, error) {
	var s Status
	_, err := c.ask(ctx, http.MethodGet, withSlash(root)+"status/"+url.PathEscape(id)+"/", nil, nil, maxStatus, &s)
	return s, cmp.Or(err, s.said())
}

// said returns an error when an answer was no Status, which all but names could
// be read as.
func (s *Status) said() error {
	if s.Status != Complete && s.Status != Pending {
		return fmt.Errorf("the server says neither %s nor %s of what was sent, but %.100q: ask it again later", Complete, Pending, s.Status)
	}
	return nil
}

// Delete removes versions of an object from a collection.
func (c *Client) Delete(ctx context.Context, collection string, id stix.ID, f Filter) error {
	f = Filter{Versions: f.Versions, SpecVersions: f.SpecVersions}
	_, err := c.ask(ctx, http.MethodDelete, withSlash(collection)+"objects/"+url.PathEscape(string(id))+"/", f.query(""), nil, maxMessage, nil)
	return err
}

func (c *Client) message(ctx context.Context, address string, to any) error {
	_, err := c.ask(ctx, http.MethodGet, address, nil, nil, maxMessage, to)
	return err
}

func (c *Client) maxAnswer() int64 {
	if c.MaxAnswer > 0 {
		return c.MaxAnswer
	}
	return defaultMaxAnswer
}

// ask makes one request and reads its answer into to, unless that is nil.
func (c *Client) ask(ctx context.Context, method, address string, query url.Values, body []byte, limit int64, to any) (http.Header, error) {
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", MediaType)
	r.Header.Set("Accept-Encoding", "zstd, gzip")
	r.Header.Set("User-Agent", "tocsin")
	if body != nil {
		r.Header.Set("Content-Type", MediaType)
	}
	switch {
	case c.Token != "":
		r.Header.Set("Authorization", "Bearer "+c.Token)
	case c.User != "":
		r.SetBasicAuth(c.User, c.Password)
	}
	answer, err := c.client().Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if err := read(answer, limit, to); err != nil {
		return answer.Header, fmt.Errorf("%s %s: %w", method, r.URL.Redacted(), err)
	}
	return answer.Header, nil
}

// client returns c.HTTP, which goes after redirects within a server alone: what
// is asked, and what is sent, is for no other.
func (c *Client) client() *http.Client {
	client := http.DefaultClient
	if c.HTTP != nil {
		client = c.HTTP
	}
	own := *client
	own.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if from := via[0].URL; r.URL.Scheme != from.Scheme || r.URL.Host != from.Host {
			return fmt.Errorf("%w to %s: if that is right, use this address from now on", errElsewhere, r.URL.Redacted())
		}
		if r.Method != via[0].Method {
			return fmt.Errorf("the server would have a %s repeated as %s at %s: ask its operator", via[0].Method, r.Method, r.URL.Redacted())
		}
		if client.CheckRedirect != nil {
			return client.CheckRedirect(r, via)
		}
		if len(via) >= 10 {
			return errors.New("redirected ten times: ask the operator of the server")
		}
		return nil
	}
	return &own
}

var errElsewhere = errors.New("the server points elsewhere")

// read reads an answer.
func read(answer *http.Response, limit int64, to any) error {
	if answer.StatusCode/100 != 2 {
		limit = maxError
	}
	in, err := decoded(answer.Body, answer.Header.Get("Content-Encoding"), limit)
	if err != nil {
		return fmt.Errorf("the answer cannot be unpacked: %w", err)
	}
	defer in.Close()
	b, err := io.ReadAll(in)
	if answer.StatusCode/100 != 2 {
		return refusal(answer, b)
	}
	switch {
	case errors.Is(err, errTooLong):
		return fmt.Errorf("the answer has more than %d bytes: ask for smaller pages", limit)
	case err != nil:
		return err
	case to == nil:
		return nil
	}
	t, parameters, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if v, ok := parameters["version"]; err != nil || t != "application/taxii+json" && t != "application/json" || ok && v != "2.1" {
		return fmt.Errorf("the answer is %.100q and not %s: is this the address of a TAXII 2.1 server?", answer.Header.Get("Content-Type"), MediaType)
	}
	if e, ok := to.(*Envelope); ok {
		*e, _, err = readEnvelope(b)
	} else {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		return fmt.Errorf("the answer cannot be read: %w", err)
	}
	return nil
}

// advice stands where a server says nothing itself.
var advice = map[int]string{
	http.StatusUnauthorized:    "the server wants a token, or a user and a password, that it knows",
	http.StatusForbidden:       "the server knows who asks and does not allow it: ask its operator",
	http.StatusNotFound:        "check the address of the server, and which root and collection are meant",
	http.StatusNotAcceptable:   "the server may speak another version of TAXII than 2.1",
	http.StatusTooManyRequests: "the server wants to be asked less often",
}

// maxError bounds the errors of servers, which people read.
const maxError = 64 << 10

// refusal returns what a server said in place of an answer, always as an *Error
// with the status.
func refusal(answer *http.Response, body []byte) error {
	e := &Error{}
	if json.Unmarshal(body, e) != nil || e.Title == "" {
		e = &Error{Title: cmp.Or(http.StatusText(answer.StatusCode), "no answer of TAXII"), Description: advice[answer.StatusCode]}
	}
	e.HTTPStatus = strconv.Itoa(answer.StatusCode)
	if s, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && s >= 0 {
		e.RetryAfter = time.Duration(min(s, 86400)) * time.Second
	} else if at, err := http.ParseTime(answer.Header.Get("Retry-After")); err == nil {
		e.RetryAfter = min(max(time.Until(at), 0), 24*time.Hour)
	}
	return e
}
