package taxii_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

func ExampleClient_Each() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", taxii.MediaType)
		w.Header().Set("X-TAXII-Date-Added-Last", "2021-07-19T12:00:00.000001Z")
		fmt.Fprint(w, `{"objects":[{"type":"domain-name","spec_version":"2.1","id":"domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7","value":"evil.example"}]}`)
	}))
	defer server.Close()

	var last time.Time
	c := &taxii.Client{Token: "token"}
	at := taxii.CollectionAt(server.URL+"/allies/", "91a7b528-80eb-42ed-a74d-c6fbd5a26116")
	err := c.Each(context.Background(), at, taxii.Filter{AddedAfter: last, Limit: 100}, func(page taxii.Reply) error {
		for _, raw := range page.Objects {
			o, err := stix.Parse(raw)
			if err != nil {
				continue
			}
			fmt.Println(o.ID)
		}
		last = page.Last
		return nil
	})
	fmt.Println(taxii.Timestamp{Time: last}, err)
	// Output:
	// domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7
	// 2021-07-19T12:00:00.000001Z <nil>
}
