package taxii

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// DiscoveryPath is where a server says what it offers (section 4.1).
const DiscoveryPath = "/taxii2/"

// A Handler serves a Backend over HTTP. Who may ask at all is for what stands
// before it to say.
type Handler struct {
	Backend Backend
	// PageSize is how many objects a page has when a request says nothing, and
	// MaxPageSize the most that one may ask for; 0 are 100 and 1000.
	PageSize, MaxPageSize int
	// Log takes errors that are none of the client's; nil is slog.Default.
	Log *slog.Logger
}

// A request is one being answered.
type request struct {
	*Handler
	w    http.ResponseWriter
	r    *http.Request
	root string
}

// ServeHTTP implements http.Handler. Paths are taken with and without the slash
// at their end (section 3.1 has one; clients forget it, or write two).
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Handler: h, w: w, r: r}
	path := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	for i := range path {
		name, err := unescape(path[i])
		if err != nil {
			q.fail(err)
			return
		}
		path[i] = name
	}
	if err := q.route(path); err != nil {
		q.fail(err)
	}
}

var errNoSuchPath = Fail(http.StatusNotFound, "Not found", "there is nothing at this path: begin with "+DiscoveryPath)

// route answers a request to the elements of a path.
func (q *request) route(path []string) error {
	if q.root = path[0]; q.root == "" {
		return errNoSuchPath
	}
	if err := q.accepts(); err != nil {
		return err
	}
	if len(path) == 1 {
		if "/"+q.root+"/" == DiscoveryPath {
			return q.get(func(ctx context.Context) (any, error) { return q.Backend.Discovery(ctx) })
		}
		return q.get(func(ctx context.Context) (any, error) { return q.Backend.APIRoot(ctx, q.root) })
	}
	switch {
	case path[1] == "status" && len(path) == 3:
		return q.get(func(ctx context.Context) (any, error) { return q.Backend.Status(ctx, q.root, canonical(path[2])) })
	case path[1] != "collections":
		return errNoSuchPath
	case len(path) == 2:
		return q.get(func(ctx context.Context) (any, error) {
			list, err := q.Backend.Collections(ctx, q.root)
			return Collections{list}, err
		})
	}
	c, err := q.Backend.Collection(q.r.Context(), q.root, canonical(path[2]))
	if err != nil {
		return err
	}
	switch rest := path[3:]; {
	case len(rest) == 0:
		return q.get(func(context.Context) (any, error) { return c, nil })
	case !c.CanRead && !c.CanWrite:
		return errNoCollection
	case rest[0] == "manifest" && len(rest) == 1:
		return q.manifest(c)
	case rest[0] == "objects" && len(rest) == 1:
		return q.objects(c)
	case rest[0] == "objects" && len(rest) == 2:
		return q.object(c, stix.ID(rest[1]))
	case rest[0] == "objects" && len(rest) == 3 && rest[2] == "versions":
		return q.versions(c, stix.ID(rest[1]))
	}
	return errNoSuchPath
}

var (
	errNoCollection = Fail(http.StatusNotFound, "Collection not found", "there is no collection of this name here that you may use")
	errNotReadable  = Fail(http.StatusForbidden, "Not readable", "this collection takes objects and gives none: its can_read is false")
	errNotWritable  = Fail(http.StatusForbidden, "Not writable", "this collection gives objects and takes none: its can_write is false")
	errNoObject     = Fail(http.StatusNotFound, "Object not found", "there is no object of this identifier in the collection that you may see")
)

// get answers with what fetch returns.
func (q *request) get(fetch func(ctx context.Context) (any, error)) error {
	if err := q.method(http.MethodGet, http.MethodHead); err != nil {
		return err
	}
	if _, err := parseFilter(q.r.URL.RawQuery, 0); err != nil {
		return err
	}
	v, err := fetch(q.r.Context())
	if err != nil {
		return err
	}
	return q.json(http.StatusOK, v)
}

// method refuses all methods but these.
func (q *request) method(allowed ...string) error {
	for _, m := range allowed {
		if q.r.Method == m {
			return nil
		}
	}
	q.w.Header().Set("Allow", strings.Join(allowed, ", "))
	return Fail(http.StatusMethodNotAllowed, "Method not allowed", "here: "+strings.Join(allowed, ", "))
}

// filter reads what the query selects, and refuses a collection that gives
// nothing.
func (q *request) filter(c Collection, allowed fields) (Filter, error) {
	if !c.CanRead {
		return Filter{}, errNotReadable
	}
	f, err := parseFilter(q.r.URL.RawQuery, allowed)
	if f.Limit == 0 {
		f.Limit = orDefault(q.PageSize, 100)
	}
	f.Limit = min(f.Limit, orDefault(q.MaxPageSize, 1000))
	return f, err
}

func orDefault(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// objects answers for /objects/ (sections 5.4 and 5.5).
func (q *request) objects(c Collection) error {
	if q.r.Method == http.MethodPost {
		return q.add(c)
	}
	if err := q.method(http.MethodGet, http.MethodHead, http.MethodPost); err != nil {
		return err
	}
	f, err := q.filter(c, paging|identities|versioned|specified)
	if err != nil {
		return err
	}
	page, err := q.Backend.Objects(q.r.Context(), q.root, c, f)
	if err != nil {
		return err
	}
	q.page(page)
	return nil
}

// object answers for /objects/{id}/ (sections 5.6 and 5.7).
func (q *request) object(c Collection, id stix.ID) error {
	if q.r.Method == http.MethodDelete {
		return q.delete(c, id)
	}
	if err := q.method(http.MethodGet, http.MethodHead, http.MethodDelete); err != nil {
		return err
	}
	f, err := q.filter(c, paging|versioned|specified)
	if err != nil {
		return err
	}
	f.IDs = spellings(id)
	page, err := q.Backend.Objects(q.r.Context(), q.root, c, f)
	if err == nil && len(page.Objects) == 0 {
		err = q.exists(c, id)
	}
	if err != nil {
		return err
	}
	q.page(page)
	return nil
}

// exists returns an error when no version of an object is here: that none is as
// the filter asks is no error.
func (q *request) exists(c Collection, id stix.ID) error {
	page, err := q.Backend.Manifest(q.r.Context(), q.root, c, Filter{IDs: spellings(id), Versions: VersionFilter{All: true}, Limit: 1})
	if err == nil && len(page.Records) == 0 {
		return errNoObject
	}
	return err
}

// delete answers to DELETE /objects/{id}/ (section 5.7). Afterwards the object
// is not found any more, so that without a filter all of its versions go.
func (q *request) delete(c Collection, id stix.ID) error {
	switch {
	case !c.CanRead:
		return errNotReadable
	case !c.CanWrite:
		return errNotWritable
	}
	f, err := parseFilter(q.r.URL.RawQuery, versioned|specified)
	if err != nil {
		return err
	}
	if f.Versions.unset() {
		f.Versions.All = true
	}
	f.IDs = []stix.ID{id} // to the letter: what is deleted does not come back
	if err := q.Backend.Delete(q.r.Context(), q.root, c, f); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", MediaType)
	q.w.WriteHeader(http.StatusOK)
	return nil
}

// manifest answers for /manifest/ (section 5.3).
func (q *request) manifest(c Collection) error {
	if err := q.method(http.MethodGet, http.MethodHead); err != nil {
		return err
	}
	f, err := q.filter(c, paging|identities|versioned|specified)
	if err != nil {
		return err
	}
	page, err := q.Backend.Manifest(q.r.Context(), q.root, c, f)
	if err != nil {
		return err
	}
	q.manifestPage(page)
	return nil
}

// versions answers for /objects/{id}/versions/ (section 5.8).
func (q *request) versions(c Collection, id stix.ID) error {
	if err := q.method(http.MethodGet, http.MethodHead); err != nil {
		return err
	}
	f, err := q.filter(c, paging|specified)
	if err != nil {
		return err
	}
	f.IDs, f.Versions.All = spellings(id), true
	page, err := q.Backend.Manifest(q.r.Context(), q.root, c, f)
	if err == nil && len(page.Records) == 0 {
		err = q.exists(c, id)
	}
	if err != nil {
		return err
	}
	v := Versions{More: page.More}
	for _, r := range page.Records {
		v.Versions = append(v.Versions, r.Version)
	}
	a := &answer{}
	if n := len(page.Records); n > 0 {
		a.first, a.last = page.Records[0].DateAdded.String(), page.Records[n-1].DateAdded.String()
		if page.More {
			v.Next = formatNext(page.Records[n-1].DateAdded.Time)
		}
	}
	if a.body, err = marshal(v); err == nil {
		q.send(http.StatusOK, a)
	}
	return err
}

func (q *request) json(status int, v any) error {
	body, err := marshal(v)
	if err == nil {
		q.send(status, &answer{body: body})
	}
	return err
}

func marshal(v any) ([]byte, error) { return json.Marshal(v, jsontext.AllowInvalidUTF8(true)) }

// fail answers with an error message (section 3.6).
func (q *request) fail(err error) {
	var e *Error
	if !errors.As(err, &e) || e.Status() == 0 {
		e = q.own(err)
	}
	if e.RetryAfter > 0 {
		q.w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds()+0.999)))
	}
	_ = q.json(e.Status(), e) // of strings it cannot fail
}

// own returns what is said of an error that is none of the client's.
func (q *request) own(err error) *Error {
	if q.r.Context().Err() != nil {
		return Fail(http.StatusServiceUnavailable, "Too slow", "the request was given up before there was an answer: ask again, or for smaller pages")
	}
	log := q.Log
	if log == nil {
		log = slog.Default()
	}
	log.Error("taxii", "method", q.r.Method, "path", q.r.URL.Path, "error", err)
	return Fail(http.StatusInternalServerError, "Server error", "the server could not answer; its operator finds the reason in its log")
}
