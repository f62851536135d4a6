package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// Indicators returns n indicators as feeds have them, 500 to 700 bytes each:
// domains, addresses, URLs and hashes, mixed. The same numbers give the same
// objects.
func Indicators(t testing.TB, from, n int) []store.Incoming {
	t.Helper()
	batch := make([]store.Incoming, n)
	for i := range batch {
		o, err := stix.Parse(appendIndicator(nil, from+i))
		if err != nil {
			t.Fatal(err)
		}
		batch[i] = store.Incoming{Object: o, Source: "feed"}
	}
	return batch
}

var (
	families = []string{"Emotet", "QakBot", "IcedID", "Cobalt Strike", "LockBit", "REvil", "TrickBot", "China Chopper", "njRAT", "AgentTesla"}
	roles    = []string{"command and control", "payload delivery", "phishing page", "exfiltration", "web shell", "scanner"}
	tlds     = []string{"com", "net", "org", "ru", "cn", "top", "xyz", "info", "co.uk", "de"}
	syllable = []string{"ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "xu", "za", "mail", "cdn", "secure", "login", "update", "cloud"}
)

// appendIndicator writes the nth indicator.
func appendIndicator(dst []byte, n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 0x746f6373696e))
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], uint64(n))
	sum := sha256.Sum256(key[:])
	domain := pick(syllable) + pick(syllable) + pick(syllable) + pick(syllable) + fmt.Sprintf("%d.%s", n%1000, pick(tlds))
	var name, pattern string
	switch n % 5 {
	case 0, 1:
		name, pattern = domain, "[domain-name:value = '"+domain+"']"
	case 2:
		name = fmt.Sprintf("%d.%d.%d.%d", 1+sum[0]%223, sum[1], sum[2], sum[3])
		pattern = "[ipv4-addr:value = '" + name + "']"
	case 3:
		name = fmt.Sprintf("https://%s/%s/%x.php?id=%d", domain, pick(syllable), sum[:4], n)
		pattern = "[url:value = '" + name + "']"
	case 4:
		name = fmt.Sprintf("%x", sum)
		pattern = "[file:hashes.'SHA-256' = '" + name + "']"
	}
	at := time.Date(2021, 1, 1, 0, 0, n%(300*24*3600), 0, time.UTC).Format("2006-01-02T15:04:05.000Z")
	family, role := pick(families), pick(roles)
	return fmt.Appendf(dst, `{"type":"indicator","spec_version":"2.1","id":"indicator--%x-%x-4%s-8%s-%x","created_by_ref":"identity--023d105b-752e-4e3c-941c-7d3f3cb15e9e","created":"%s","modified":"%s",`+
		`"name":"%s","description":"%s, %s","indicator_types":["malicious-activity"],"pattern":"%s","pattern_type":"stix","valid_from":"%s","labels":["%s","tlp:green"],"confidence":%d,`+
		`"object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]}`,
		sum[8:12], sum[12:14], fmt.Sprintf("%x", sum[14:16])[1:], fmt.Sprintf("%x", sum[16:18])[1:], sum[20:26], at, at, name, family, role, pattern, at, role, r.IntN(100))
}

// BenchmarkImport measures the import of a stream of indicators in batches,
// into a store that grows to b.N objects.
func BenchmarkImport(b *testing.B, s store.Store, batch int) {
	b.StopTimer()
	b.ReportAllocs()
	size := 0
	for n := 0; n < b.N; n += batch {
		objects := Indicators(b, n, min(batch, b.N-n))
		for _, in := range objects {
			size += len(in.Object.Raw())
		}
		b.StartTimer()
		if _, err := s.Import(b.Context(), objects); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
	}
	b.SetBytes(int64(size / b.N))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "objects/s")
}

// BenchmarkGet measures the look-up of one of 100,000 objects.
func BenchmarkGet(b *testing.B, s store.Store) {
	const all = 100000
	var ids []stix.ID
	for n := 0; n < all; n += 10000 {
		objects := Indicators(b, n, 10000)
		for _, in := range objects {
			ids = append(ids, in.Object.ID)
		}
		if _, err := s.Import(b.Context(), objects); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		rec, err := s.Get(context.Background(), tlp.Local(), ids[n%all])
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(rec.Object.Raw())))
		n += 7919
	}
}
