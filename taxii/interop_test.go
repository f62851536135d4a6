package taxii

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/stix"
)

// The tests of this file are named after the test cases of the TAXII 2.1
// Interoperability Test Document, and try both sides of each: what the Handler
// answers, and what the Client asks and understands. docs/CONFORMANCE.md lists
// them.

// refused fails the test unless err is the answer of a server with this status.
func refused(t testing.TB, err error, status int) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Status() != status {
		t.Errorf("not refused with %d: %v", status, err)
	}
}

// ids returns the objects of an envelope as id and version.
func ids(t testing.TB, e Envelope) (list []string) {
	t.Helper()
	for _, raw := range e.Objects {
		o, err := stix.Parse(raw)
		must(t, err)
		list = append(list, string(o.ID)+" "+VersionOf(o))
	}
	return list
}

// pair returns a server and a client for it.
func pair(t testing.TB) (*Handler, *served, *Client) {
	h := newHandler(t)
	return h, serve(t, h), &Client{}
}

// selects asks both sides for what f selects.
func selects(t *testing.T, query string, f Filter, want ...string) {
	t.Helper()
	h, s, c := pair(t)
	for _, of := range []string{"objects/", "manifest/"} {
		if got := get(t, h, both+of+"?"+query).is(t, 200).versions(t); !slices.Equal(got, want) {
			t.Errorf("%s?%s: %q, not %q", of, query, got, want)
		}
	}
	p, err := c.Objects(t.Context(), s.URL+both, f, "")
	must(t, err)
	s.asked(t, "GET", both+"objects/", query)
	if got := ids(t, p.Envelope); !slices.Equal(got, want) {
		t.Errorf("client %s: %q, not %q", query, got, want)
	}
	m, err := c.Manifest(t.Context(), s.URL+both, f, "")
	must(t, err)
	s.asked(t, "GET", both+"manifest/", query)
	if len(m.Objects) != len(want) {
		t.Errorf("client %s: %d records, not %d", query, len(m.Objects), len(want))
	}
}

func TestInterop_3_1_1_MissingAuthorization(t *testing.T) {
	h := guarded(newHandler(t))
	for _, path := range []string{"/taxii2/", "/allies/", both, both + "objects/"} {
		get(t, h, path).is(t, 401)
	}
	_, err := (&Client{}).Discover(t.Context(), serve(t, h).URL)
	refused(t, err, 401)
}

func TestInterop_3_1_2_WrongAuthorization(t *testing.T) {
	h := guarded(newHandler(t))
	for _, wrong := range []string{"Basic YTpi", "Basic !", "Bearer x", "Bearer", "Digest x"} {
		get(t, h, "/taxii2/", "Authorization: "+wrong).is(t, 401)
	}
	s := serve(t, h)
	for _, c := range []*Client{{User: "ann", Password: "wrong"}, {Token: "wrong"}} {
		_, err := c.Discover(t.Context(), s.URL)
		refused(t, err, 401)
	}
}

func TestInterop_3_1_3_Certificates(t *testing.T) {
	s := httptest.NewUnstartedServer(newHandler(t))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	member := certificate(t)
	s.TLS.ClientCAs.AddCert(member.Leaf)
	s.StartTLS()
	defer s.Close()
	knows := s.Client().Transport.(*http.Transport).TLSClientConfig
	with := func(certificates ...tls.Certificate) *Client {
		return &Client{HTTP: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: knows.RootCAs, Certificates: certificates}}}}
	}
	if _, err := with(certificate(t)).Discover(t.Context(), s.URL); err == nil {
		t.Error("a client with a certificate of its own making is let in")
	}
	if _, err := with().Discover(t.Context(), s.URL); err == nil {
		t.Error("a client without a certificate is let in")
	}
	if _, err := (&Client{}).Discover(t.Context(), s.URL); err == nil {
		t.Error("the client takes a server whose certificate it cannot verify")
	}
	d, err := with(member).Discover(t.Context(), s.URL)
	if err != nil || d.Title != "A server" {
		t.Errorf("%+v %v", d, err)
	}
}

// certificate returns a fresh one for a client, signed by itself.
func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(nil, leaf, leaf, public, private)
	must(t, err)
	leaf, err = x509.ParseCertificate(der)
	must(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private, Leaf: leaf}
}

func TestInterop_3_1_4_HTTPBasic(t *testing.T) {
	h := guarded(newHandler(t))
	get(t, h, "/taxii2/", "Authorization: Basic YW5uOnBhc3Mgd29yZA==").is(t, 200)
	d, err := (&Client{User: "ann", Password: "pass word"}).Discover(t.Context(), serve(t, h).URL)
	if err != nil || d.Title != "A server" {
		t.Errorf("%+v %v", d, err)
	}
}

func TestInterop_3_2_1_Discovery(t *testing.T) {
	h, s, c := pair(t)
	var want Discovery
	get(t, h, "/taxii2/").is(t, 200).into(t, &want)
	for _, address := range []string{s.URL, s.URL + "/", s.URL + "/taxii2", s.URL + "/taxii2/"} {
		d, err := c.Discover(t.Context(), address)
		must(t, err)
		s.asked(t, "GET", "/taxii2/", "")
		if d.Title != want.Title || d.Contact != want.Contact || d.Description != want.Description {
			t.Errorf("%+v, not %+v", d, want)
		}
		if d.Default != s.URL+"/allies/" || !slices.Equal(d.APIRoots, []string{s.URL + "/allies/", s.URL + "/town/"}) { // paths become addresses
			t.Errorf("%+v", d)
		}
	}
}

func TestInterop_3_3_1_APIRoot(t *testing.T) {
	h, s, c := pair(t)
	var want APIRoot
	get(t, h, "/allies/").is(t, 200).into(t, &want)
	for _, address := range []string{s.URL + "/allies", s.URL + "/allies/"} {
		a, err := c.APIRoot(t.Context(), address)
		must(t, err)
		s.asked(t, "GET", "/allies/", "")
		if fmt.Sprint(a) != fmt.Sprint(want) || a.MaxContentLength != 100000 || !slices.Equal(a.Versions, []string{MediaType}) {
			t.Errorf("%+v, not %+v", a, want)
		}
	}
}

func TestInterop_3_3_2_WrongAPIRoot(t *testing.T) {
	h, s, c := pair(t)
	for _, path := range []string{"/", "/others/", "/others/collections/", "/others/status/x/", "/allies/others/", "/taxii2/collections/"} {
		get(t, h, path).is(t, 404)
	}
	_, err := c.APIRoot(t.Context(), s.URL+"/others/")
	refused(t, err, 404)
}

func TestInterop_3_4_1_Collections(t *testing.T) {
	h, s, c := pair(t)
	var want Collections
	get(t, h, "/allies/collections/").is(t, 200).into(t, &want)
	list, err := c.Collections(t.Context(), s.URL+"/allies")
	must(t, err)
	s.asked(t, "GET", "/allies/collections/", "")
	if len(list) != 4 || fmt.Sprint(list) != fmt.Sprint(want.Collections) {
		t.Errorf("%+v, not %+v", list, want)
	}
}

// collection asks both sides what a collection allows.
func collection(t *testing.T, path string, read, write bool) {
	t.Helper()
	h, s, c := pair(t)
	var want Collection
	get(t, h, path).is(t, 200).into(t, &want)
	one, err := c.Collection(t.Context(), CollectionAt(s.URL+"/allies/", want.ID))
	must(t, err)
	s.asked(t, "GET", path, "")
	if one.CanRead != read || one.CanWrite != write || fmt.Sprint(one) != fmt.Sprint(want) {
		t.Errorf("%+v, not %+v", one, want)
	}
}

func TestInterop_3_5_1_1_WriteOnlyCollection(t *testing.T) { collection(t, writing, false, true) }

func TestInterop_3_5_1_2_ReadWriteCollection(t *testing.T) { collection(t, both, true, true) }

func TestInterop_3_5_1_3_ReadOnlyCollection(t *testing.T) { collection(t, reading, true, false) }

func TestInterop_3_5_1_4_NoReadNoWriteCollection(t *testing.T) { collection(t, nothing, false, false) }

func TestInterop_3_5_2_1_ReadOfWriteOnly(t *testing.T) {
	h, s, c := pair(t)
	for _, of := range []string{"objects/", "manifest/", "objects/" + indicator + "/", "objects/" + indicator + "/versions/"} {
		get(t, h, writing+of).is(t, 403)
	}
	_, err := c.Objects(t.Context(), s.URL+writing, Filter{}, "")
	refused(t, err, 403)
}

func TestInterop_3_5_2_2_WriteToReadOnly(t *testing.T) {
	h, s, c := pair(t)
	ask(t, h, "POST", reading+"objects/", `{"objects":[]}`).is(t, 403)
	_, err := c.Add(t.Context(), s.URL+reading, nil)
	refused(t, err, 403)
}

func TestInterop_3_5_2_3_DeleteForbidden(t *testing.T) {
	h, s, c := pair(t)
	for _, path := range []string{reading, writing} {
		ask(t, h, "DELETE", path+"objects/"+indicator+"/", "").is(t, 403)
		refused(t, c.Delete(t.Context(), s.URL+path, indicator, Filter{}), 403)
	}
}

func TestInterop_3_5_2_4_DeleteNotFound(t *testing.T) {
	h, s, c := pair(t)
	ask(t, h, "DELETE", nothing+"objects/"+indicator+"/", "").is(t, 404)
	refused(t, c.Delete(t.Context(), s.URL+nothing, indicator, Filter{}), 404)
}

func TestInterop_3_5_3_WrongCollection(t *testing.T) {
	h, s, c := pair(t)
	for _, of := range []string{"", "objects/", "manifest/", "others/"} {
		get(t, h, "/allies/collections/cccccccc-0000-4000-8000-0000000000ff/"+of).is(t, 404)
	}
	_, err := c.Collection(t.Context(), CollectionAt(s.URL+"/allies/", "cccccccc-0000-4000-8000-0000000000ff"))
	refused(t, err, 404)
	_, err = c.Objects(t.Context(), CollectionAt(s.URL+"/allies/", "../../x y"), Filter{}, "")
	refused(t, err, 404)
}

func TestInterop_3_6_1_Manifest(t *testing.T) {
	h, s, c := pair(t)
	var want Manifest
	r := get(t, h, both+"manifest/").is(t, 200)
	r.into(t, &want)
	if r.header.Get("X-TAXII-Date-Added-First") != "2021-03-12T00:00:00.000000Z" || r.header.Get("X-TAXII-Date-Added-Last") != "2021-03-15T00:00:00.000000Z" {
		t.Errorf("%v", r.header)
	}
	m, err := c.Manifest(t.Context(), s.URL+both, Filter{}, "")
	must(t, err)
	s.asked(t, "GET", both+"manifest/", "")
	if fmt.Sprint(m) != fmt.Sprint(want) || len(m.Objects) != 4 || m.Objects[1] != (ManifestRecord{
		ID: indicator, DateAdded: Timestamp{time.Date(2021, 3, 13, 0, 0, 0, 0, time.UTC)}, Version: "2021-03-04T00:00:00.000Z", MediaType: STIXMediaType,
	}) {
		t.Errorf("%+v, not %+v", m, want)
	}
}

func TestInterop_3_7_1_Objects(t *testing.T) {
	h, s, c := pair(t)
	r := get(t, h, both+"objects/").is(t, 200)
	p, err := c.Objects(t.Context(), s.URL+both, Filter{}, "")
	must(t, err)
	s.asked(t, "GET", both+"objects/", "")
	if got, want := ids(t, p.Envelope), r.versions(t); !slices.Equal(got, want) || len(got) != 4 {
		t.Errorf("%q, not %q", got, want)
	}
	if (Timestamp{p.First}).String() != r.header.Get("X-TAXII-Date-Added-First") || (Timestamp{p.Last}).String() != r.header.Get("X-TAXII-Date-Added-Last") {
		t.Errorf("%v to %v, not %v", p.First, p.Last, r.header)
	}
}

func TestInterop_3_7_2_NoObjects(t *testing.T) {
	h, s, c := pair(t)
	for _, of := range []string{"objects/", "manifest/"} {
		if r := get(t, h, reading+of).is(t, 200); string(r.body) != "{}" {
			t.Errorf("%s", r.body)
		}
	}
	p, err := c.Objects(t.Context(), s.URL+reading, Filter{}, "")
	if err != nil || p.More || len(p.Envelope.Objects) > 0 || !p.Last.IsZero() {
		t.Errorf("%+v %v", p, err)
	}
}

func TestInterop_3_8_1_Object(t *testing.T) {
	h, s, c := pair(t)
	r := get(t, h, both+"objects/"+indicator+"/").is(t, 200)
	p, err := c.Object(t.Context(), s.URL+both, indicator, Filter{}, "")
	must(t, err)
	s.asked(t, "GET", both+"objects/"+indicator+"/", "")
	if got := ids(t, p.Envelope); !slices.Equal(got, []string{indicator3}) || !slices.Equal(got, r.versions(t)) {
		t.Errorf("%q", got)
	}
}

func TestInterop_3_8_2_ObjectNotFound(t *testing.T) {
	h, s, c := pair(t)
	const other = "indicator--aaaaaaaa-0000-4000-8000-0000000000ff"
	get(t, h, both+"objects/"+other+"/").is(t, 404)
	get(t, h, both+"objects/"+other+"/versions/").is(t, 404)
	_, err := c.Object(t.Context(), s.URL+both, other, Filter{}, "")
	refused(t, err, 404)
}

func TestInterop_3_9_1_Versions(t *testing.T) {
	h, s, c := pair(t)
	r := get(t, h, both+"objects/"+indicator+"/versions/").is(t, 200)
	if string(r.body) != `{"versions":["2021-03-02T00:00:00.000Z","2021-03-03T00:00:00.000Z","2021-03-04T00:00:00.000Z"]}` {
		t.Errorf("%s", r.body)
	}
	v, err := c.Versions(t.Context(), s.URL+both, indicator, "")
	must(t, err)
	s.asked(t, "GET", both+"objects/"+indicator+"/versions/", "")
	if len(v.Versions) != 3 || v.Versions[2] != "2021-03-04T00:00:00.000Z" {
		t.Errorf("%+v", v)
	}
}

func TestInterop_3_10_1_AddObjects(t *testing.T) {
	h, s, c := pair(t)
	var st Status
	ask(t, h, "POST", writing+"objects/", `{"objects":[`+newIndicator+`]}`).is(t, 202).into(t, &st)
	if st.Status != Complete || st.SuccessCount != 1 {
		t.Errorf("%+v", st)
	}
	o, err := stix.Parse([]byte(newIndicator))
	must(t, err)
	st, err = c.Add(t.Context(), s.URL+both, []*stix.Object{o, o})
	must(t, err)
	s.asked(t, "POST", both+"objects/", "")
	if st.TotalCount != 2 || s.last.Header.Get("Content-Type") != MediaType {
		t.Errorf("%+v", st)
	}
	p, err := c.Object(t.Context(), s.URL+both, o.ID, Filter{}, "")
	if err != nil || string(p.Envelope.Objects[0]) != newIndicator {
		t.Errorf("%s %v", p.Envelope.Objects, err)
	}
}

func TestInterop_3_11_1_Status(t *testing.T) {
	h, s, c := pair(t)
	m := h.Backend.(*memory)
	m.async = 1 // two at once are done later
	o, err := stix.Parse([]byte(newIndicator))
	must(t, err)
	st, err := c.Add(t.Context(), s.URL+both, []*stix.Object{o, o})
	if err != nil || st.Status != Pending || st.PendingCount != 2 || st.RequestTimestamp.IsZero() {
		t.Fatalf("%+v %v", st, err)
	}
	for range 3 {
		st, err = c.Status(t.Context(), s.URL+"/allies", st.ID)
		must(t, err)
		s.asked(t, "GET", "/allies/status/"+st.ID+"/", "")
	}
	if st.Status != Complete || st.SuccessCount != 2 || st.PendingCount != 0 {
		t.Errorf("%+v", st)
	}
	_, err = c.Status(t.Context(), s.URL+"/allies", "another")
	refused(t, err, 404)
}

func TestInterop_3_11_2_StatusProperties(t *testing.T) {
	h, s, c := pair(t)
	const id = "5a5a5a5a-0000-4000-8000-000000000001"
	var want Status
	get(t, h, "/allies/status/"+id+"/").is(t, 200).into(t, &want)
	st, err := c.Status(t.Context(), s.URL+"/allies", id)
	must(t, err)
	if fmt.Sprint(st) != fmt.Sprint(want) || st.ID != id || st.Status != Pending || st.TotalCount != 3 || len(st.Successes) != 1 || len(st.Failures) != 1 || len(st.Pendings) != 1 ||
		st.Failures[0].Message != "no name" || st.RequestTimestamp.String() != "2021-07-19T12:00:00.000001Z" {
		t.Errorf("%+v, not %+v", st, want)
	}
}

func TestInterop_3_12_1_Delete(t *testing.T) {
	h, s, c := pair(t)
	if r := ask(t, h, "DELETE", both+"objects/"+address+"/", "").is(t, 200); len(r.body) > 0 {
		t.Errorf("%s", r.body)
	}
	get(t, h, both+"objects/"+address+"/").is(t, 404)
	v3, _ := ParseTimestamp("2021-03-04T00:00:00.000Z")
	must(t, c.Delete(t.Context(), s.URL+both, indicator, Filter{Versions: VersionFilter{At: []time.Time{v3}}}))
	s.asked(t, "DELETE", both+"objects/"+indicator+"/", "match[version]=2021-03-04T00:00:00Z")
	if got := get(t, h, both+"objects/"+indicator+"/").versions(t); !slices.Equal(got, []string{indicator2}) {
		t.Errorf("%q", got)
	}
	must(t, c.Delete(t.Context(), s.URL+both, malware, Filter{}))
	for _, spec := range []string{"2.0", "2.1"} { // of both
		get(t, h, both+"objects/"+malware+"/?match[spec_version]="+spec).is(t, 404)
	}
	refused(t, c.Delete(t.Context(), s.URL+both, malware, Filter{}), 404)
}

func TestInterop_3_13_1_1_AddedAfter(t *testing.T) {
	selects(t, "added_after=2021-03-13T00:00:00.000000Z", Filter{AddedAfter: time.Date(2021, 3, 13, 0, 0, 0, 0, time.UTC)}, malware2, identity1)
}

func TestInterop_3_13_1_2_Limit(t *testing.T) {
	selects(t, "limit=3", Filter{Limit: 3}, address1, indicator3, malware2)
}

func TestInterop_3_13_1_3_MatchID(t *testing.T) {
	selects(t, "match[id]="+identity, Filter{IDs: []stix.ID{identity}}, identity1)
}

func TestInterop_3_13_1_4_MatchType(t *testing.T) {
	selects(t, "match[type]=malware", Filter{Types: []string{"malware"}}, malware2)
}

func TestInterop_3_13_1_5_MatchVersion(t *testing.T) {
	selects(t, "match[version]=all", Filter{Versions: VersionFilter{All: true}}, indicator1, indicator2, address1, indicator3, malware2, identity1)
	selects(t, "match[version]=first", Filter{Versions: VersionFilter{First: true}}, indicator1, address1, malware2, identity1)
	selects(t, "match[version]=last", Filter{Versions: VersionFilter{Last: true}}, address1, indicator3, malware2, identity1)
	at := time.Date(2021, 3, 3, 0, 0, 0, 0, time.UTC)
	selects(t, "match[version]=first,2021-03-03T00:00:00Z", Filter{Versions: VersionFilter{First: true, At: []time.Time{at}}}, indicator1, indicator2, address1, malware2, identity1)
}

func TestInterop_3_13_1_6_MatchSpecVersion(t *testing.T) {
	selects(t, "match[spec_version]=2.0", Filter{SpecVersions: []string{"2.0"}}, malware1)
	selects(t, "", Filter{}, address1, indicator3, malware2, identity1) // the latest of each object
}

func TestInterop_3_13_1_7_Or(t *testing.T) {
	selects(t, "match[type]=malware,identity", Filter{Types: []string{"malware", "identity"}}, malware2, identity1)
}

func TestInterop_3_13_1_8_And(t *testing.T) {
	selects(t, "match[id]="+indicator+"&match[type]=indicator&match[version]=first",
		Filter{IDs: []stix.ID{indicator}, Types: []string{"indicator"}, Versions: VersionFilter{First: true}}, indicator1)
	selects(t, "match[id]="+indicator+"&match[type]=malware", Filter{IDs: []stix.ID{indicator}, Types: []string{"malware"}})
}

func TestInterop_3_13_1_9_OrAndAnd(t *testing.T) {
	selects(t, "match[id]="+indicator+","+malware+"&match[spec_version]=2.0,2.1&match[type]=indicator,malware&match[version]=all",
		Filter{IDs: []stix.ID{indicator, malware}, Types: []string{"indicator", "malware"}, Versions: VersionFilter{All: true}, SpecVersions: []string{"2.0", "2.1"}},
		indicator1, malware1, indicator2, indicator3, malware2)
}

// TestInterop_3_13_1_10_DuplicateFilter: each filter once (section 3.4). The
// Client cannot write one twice.
func TestInterop_3_13_1_10_DuplicateFilter(t *testing.T) {
	h := newHandler(t)
	for _, f := range []string{"match[type]=malware", "match[id]=" + indicator, "match[version]=all", "match[spec_version]=2.1", "added_after=2021-03-13T00:00:00Z", "limit=1", "next=1"} {
		get(t, h, both+"objects/?"+f+"&"+f).is(t, 400)
		get(t, h, both+"manifest/?"+f+"&"+f).is(t, 400)
	}
	q := Filter{IDs: []stix.ID{indicator, malware}, Types: []string{"a", "b"}, SpecVersions: []string{"2.0", "2.1"}, Versions: VersionFilter{First: true, Last: true}}.query("x")
	for name, values := range q {
		if len(values) != 1 {
			t.Errorf("%s: %q", name, values)
		}
	}
}

// TestInterop_3_13_2_OptionalFilters: filters beyond those of section 3.4.1 are
// optional and not offered. Who asks by one is told so, and not given all.
func TestInterop_3_13_2_OptionalFilters(t *testing.T) {
	h := newHandler(t)
	for _, f := range []string{
		"match[confidence]=60", "match[name]=x", "match[value]=192.0.2.1", "match[revoked]=false", // tier 1
		"match[pattern_type]=stix", "match[indicator_types]=x", // tier 2
		"match[x_desk]=x",                          // tier 3
		"match[relationships-all]=" + indicator,    // relationships
		"match[confidence-gte]=60",                 // calculation
		"match[]=x", "match[TYPE]=x", "match[id=x", // and what is none at all
	} {
		if r := get(t, h, both+"objects/?"+f).is(t, 400); !strings.Contains(string(r.body), "no filter") {
			t.Errorf("%s: %s", f, r.body)
		}
	}
}

func TestInterop_3_14_1_Pagination(t *testing.T) {
	h, s, c := pair(t)
	r := get(t, h, both+"objects/?limit=2").is(t, 200)
	if !strings.HasPrefix(string(r.body), `{"more":true,"next":"`) {
		t.Errorf("%s", r.body)
	}
	f := Filter{Versions: VersionFilter{All: true}, SpecVersions: []string{"2.0", "2.1"}}
	want := []string{indicator1, malware1, indicator2, address1, indicator3, malware2, identity1}
	for f.Limit = 1; f.Limit <= 8; f.Limit++ {
		var got []string
		pages := 0
		must(t, c.Each(t.Context(), s.URL+both, f, func(p Reply) error {
			pages++
			got = append(got, ids(t, p.Envelope)...)
			return nil
		}))
		if !slices.Equal(got, want) || pages != (len(want)+f.Limit-1)/f.Limit {
			t.Errorf("limit %d: %d pages, %q", f.Limit, pages, got)
		}
	}
	stop := errors.New("enough")
	if err := c.Each(t.Context(), s.URL+both, Filter{Limit: 1}, func(Reply) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Each(gone, s.URL+both, Filter{}, func(Reply) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestInterop_3_15_1_CustomProperties: those of an object come through to the
// byte, in both directions.
func TestInterop_3_15_1_CustomProperties(t *testing.T) {
	_, s, c := pair(t)
	const raw = `{"x_first":1.0e2 , "type":"identity","spec_version":"2.1","id":"identity--eeeeeeee-0000-4000-8000-000000000001","created":"2021-07-19T00:00:00.000Z","modified":"2021-07-19T00:00:00.000Z","name":"\u0041","x_desk":{"b":[1,  2],"a":null}}`
	o, err := stix.Parse([]byte(raw))
	must(t, err)
	_, err = c.Add(t.Context(), s.URL+both, []*stix.Object{o})
	must(t, err)
	p, err := c.Object(t.Context(), s.URL+both, o.ID, Filter{}, "")
	if err != nil || len(p.Envelope.Objects) != 1 || string(p.Envelope.Objects[0]) != raw {
		t.Errorf("%s %v", p.Envelope.Objects, err)
	}
}
