package misp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// Limits of answers.
const (
	maxAnswer  = 1 << 20  // bytes of one that holds no events
	maxIndex   = 64 << 20 // bytes of one page of an index
	maxMessage = 300      // bytes of what a server says in an error
)

// A Client speaks with one MISP instance, by the endpoints that instances use
// among themselves. Its methods may be called at the same time.
type Client struct {
	URL      string       // of the instance, such as https://misp.example.org
	Key      string       // the key of a user there: Authorization has it as it is
	HTTP     *http.Client // nil: http.DefaultClient; it decides which addresses may be asked, and for how long
	MaxEvent int64        // bytes of an event; DefaultMaxEvent if zero
}

// A ServerError is what an instance says instead of an answer. Some versions
// send it with HTTP status 200.
type ServerError struct {
	Status  int
	Message string // what the instance says, cut
}

func (e *ServerError) Error() string {
	advice := "ask its operator"
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed:
		advice = "ask its operator for a key that is valid, and whose role and organisation may do this"
	case http.StatusNotFound:
		advice = "it is not there, or not for this key"
	case http.StatusRequestEntityTooLarge:
		advice = "it takes no request so large"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout:
		advice = "ask later"
	}
	return fmt.Sprintf("the MISP instance answers %d %q: %s", e.Status, e.Message, advice)
}

// errNoMISP says that what answered is something else.
var errNoMISP = errors.New("the answer is no JSON of a MISP instance: give the address that its users open, such as https://misp.example.org")

// ask sends a request and returns the body of the answer, of at most limit
// bytes.
func (c *Client) ask(ctx context.Context, method, path string, body []byte, limit int64) ([]byte, error) {
	base, err := url.Parse(c.URL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, fmt.Errorf("%.200q is no address of a MISP instance: write it as https://misp.example.org", c.URL)
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(c.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", c.Key)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "tocsin")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	a, err := c.client().Do(r)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(a.Body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: the answer broke off: %w", path, err)
	case int64(len(raw)) > limit:
		return nil, fmt.Errorf("%s: the answer has more than %d bytes, and no more are read", path, limit)
	case a.StatusCode/100 != 2:
		return nil, &ServerError{a.StatusCode, said(raw, a.StatusCode)}
	case method == http.MethodHead:
		return nil, nil
	}
	if raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")); depth(raw) > stix.MaxDepth {
		return nil, fmt.Errorf("%s: %w", path, errDepth)
	}
	return raw, refused(raw)
}

// client returns one that follows no redirect: a key is for one server, and a
// POST that is redirected comes as a GET without its body.
func (c *Client) client() *http.Client {
	h := http.Client{}
	if c.HTTP != nil {
		h = *c.HTTP
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &h
}

// A complaint is how MISP says what is wrong; errors holds texts, lists and
// objects.
type complaint struct {
	Name    string         `json:"name"`
	Message string         `json:"message"`
	URL     string         `json:"url"`
	Saved   jsontext.Value `json:"saved"`
	Success jsontext.Value `json:"success"`
	Errors  jsontext.Value `json:"errors"`
}

// said returns what an instance says in an error, as far as it can be read.
func said(raw []byte, status int) string {
	var c complaint
	if depth(raw) > stix.MaxDepth || json.Unmarshal(raw, &c, lenient) != nil {
		return http.StatusText(status)
	}
	text := c.Message
	if text == "" {
		text = c.Name
	}
	if e := string(c.Errors); len(e) > 2 && e != "null" && !strings.Contains(e, text) {
		text += ": " + e
	}
	if text == "" {
		return http.StatusText(status)
	}
	return strings.ToValidUTF8(text[:min(len(text), maxMessage)], "")
}

// refused returns an error when an answer with status 200 is a complaint.
func refused(raw []byte) error {
	var c complaint
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &c, lenient) != nil {
		return nil
	}
	no := func(v jsontext.Value) bool {
		return slices.Contains([]string{"false", "0", `"0"`, `"false"`}, string(v))
	}
	errs := string(c.Errors)
	failed := errs != "" && errs != "null" && errs != "[]" && errs != "{}" && errs != `""` && errs != "false"
	if no(c.Saved) || no(c.Success) || failed || c.Name != "" && c.Message != "" && c.URL != "" {
		return &ServerError{http.StatusOK, said(raw, http.StatusOK)}
	}
	return nil
}

// A Version is what an instance says of itself and of the key.
type Version struct {
	Version      string `json:"version"`
	PermSync     bool   `json:"perm_sync"`     // the key may add events of others
	PermSighting bool   `json:"perm_sighting"` // and sightings
}

// Version asks which version the instance has, and what the key may do.
func (c *Client) Version(ctx context.Context) (v Version, err error) {
	raw, err := c.ask(ctx, http.MethodGet, "/servers/getVersion", nil, maxAnswer)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(raw, &v, lenient); err != nil || v.Version == "" {
		return Version{}, errNoMISP
	}
	return v, nil
}
