package taxii

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// TestTaxii2Client has the Python client of OASIS (taxii2-client of PyPI) do all
// that it can do. TAXII2_CLIENT_PYTHON is a python that has it; CI sets it.
func TestTaxii2Client(t *testing.T) {
	python := os.Getenv("TAXII2_CLIENT_PYTHON")
	if python == "" {
		python = "python3"
		if exec.Command(python, "-c", "import taxii2client.v21").Run() != nil {
			t.Skip("no python3 with taxii2-client here: pip install taxii2-client, or set TAXII2_CLIENT_PYTHON")
		}
	}
	h := newHandler(t)
	h.Backend.(*memory).async = 1
	s := serve(t, guarded(h))
	cmd := exec.CommandContext(t.Context(), python, "-", s.URL, newIndicator)
	cmd.Stdin = bytes.NewReader([]byte(taxii2Client))
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "all well\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

const taxii2Client = `
import json, sys
import requests
from taxii2client.v21 import Server, ApiRoot, Collection, as_pages
base, indicator = sys.argv[1], json.loads(sys.argv[2])
ann = dict(user="ann", password="pass word")

def same(got, want):
    if got != want:
        raise AssertionError("%r, not %r" % (got, want))

def versions(envelope):
    return [(o["id"], o.get("modified", o.get("created"))) for o in envelope.get("objects", [])]

def refused(status, f, *args, **kwargs):
    try:
        f(*args, **kwargs)
    except requests.exceptions.HTTPError as e:
        same(e.response.status_code, status)
    else:
        raise AssertionError("not refused")

refused(401, lambda: Server(base + "/taxii2/").title)
server = Server(base + "/taxii2", **ann)
same((server.title, server.description, server.contact), ("A server", "For tests", "desk@cert.example"))
same([r.url for r in server.api_roots], [base + "/allies/", base + "/town/"])
same(server.default.title, "Allies")
root = ApiRoot(base + "/allies", **ann)
same((root.title, root.versions, root.max_content_length), ("Allies", ["application/taxii+json;version=2.1"], 100000))
same([(c.title, c.can_read, c.can_write) for c in root.collections],
     [("Read and write", True, True), ("Read", True, False), ("Write", False, True), ("Neither", False, False)])
c = Collection(base + "/allies/collections/cccccccc-0000-4000-8000-00000000000a/", **ann)
same((c.title, c.alias, c.media_types), ("Read and write", "both", ["application/stix+json;version=2.1"]))

I, M = "indicator--aaaaaaaa-0000-4000-8000-000000000001", "malware--bbbbbbbb-0000-4000-8000-000000000002"
same(len(versions(c.get_objects())), 4)
same(versions(c.get_objects(type="indicator", version="all")), [(I, "2021-03-0%dT00:00:00.000Z" % d) for d in (2, 3, 4)])
same(versions(c.get_objects(id=[I, M], version=["first", "last"])), [(I, "2021-03-02T00:00:00.000Z"), (I, "2021-03-04T00:00:00.000Z"), (M, "2021-03-05T00:00:00.000Z")])
same(versions(c.get_objects(id=I, version="2021-03-03T00:00:00.000Z")), [(I, "2021-03-03T00:00:00.000Z")])
same(versions(c.get_objects(added_after="2021-03-13T00:00:00Z", type=["malware", "tool"])), [(M, "2021-03-05T00:00:00.000Z")])
same(versions(c.get_objects(spec_version="2.0")), [(M, "2021-03-02T00:00:00.000Z")])
same(c.get_objects(type="tool"), {})
refused(400, c.get_objects, confidence="60")
whole = versions(c.get_objects(version="all", spec_version=["2.0", "2.1"]))
same(len(whole), 7)
for n in range(1, 9):
    pages = list(as_pages(c.get_objects, per_request=n, version="all", spec_version=["2.0", "2.1"]))
    same(sum((versions(p) for p in pages), []), whole)
    same(len(pages), -(-7 // n))
    manifests = list(as_pages(c.get_manifest, per_request=n, version="all", spec_version=["2.0", "2.1"]))
    same([o["id"] for m in manifests for o in m["objects"]], [i for i, _ in whole])
same(versions(c.get_object(I)), [(I, "2021-03-04T00:00:00.000Z")])
same(versions(c.get_object(I, version="first")), [(I, "2021-03-02T00:00:00.000Z")])
refused(404, c.get_object, "indicator--aaaaaaaa-0000-4000-8000-0000000000ff")
same(c.object_versions(I), {"versions": ["2021-03-02T00:00:00.000Z", "2021-03-03T00:00:00.000Z", "2021-03-04T00:00:00.000Z"]})
record = c.get_manifest(id=M)["objects"]
same(record, [{"id": M, "date_added": "2021-03-14T00:00:00.000000Z", "version": "2021-03-05T00:00:00.000Z", "media_type": "application/stix+json;version=2.1"}])

second = dict(indicator, id="indicator--cd981c25-8042-4166-8945-51178443bdae")
status = c.add_objects({"objects": [indicator, {"type": "indicator"}, second]}, wait_for_completion=False)
same((status.status, status.total_count, status.pending_count, status.failure_count), ("pending", 3, 2, 1))
status.wait_until_final(poll_interval=0.01)
status.refresh()
same((status.status, status.success_count, status.failure_count, len(status.failures)), ("complete", 2, 1, 1))
same(c.add_objects(json.dumps({"objects": [indicator]})).status, "complete")
same(c.get_object(indicator["id"])["objects"], [indicator])
c.delete_object(indicator["id"])
refused(404, c.get_object, indicator["id"])
refused(404, c.delete_object, indicator["id"])
c.delete_object(I, version="2021-03-04T00:00:00.000Z")
same(versions(c.get_object(I)), [(I, "2021-03-03T00:00:00.000Z")])
print("all well")
`
