package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// indicatorCells: a million mixed indicators looked for in raw text and in JSON
// lines on one core, from reading the indicators to the last finding, beside
// what else looks for a list of strings. A store is compiled by the first hunt
// and not again.
func indicatorCells(b *table) error {
	bundle, list := filepath.Join(b.dir, "million.json"), filepath.Join(b.dir, "million.txt")
	for _, path := range []string{bundle, list} {
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := command("go", "run", "./exercise/generate", "--indicators", "1000000", path).run(); err != nil {
			return err
		}
	}
	data, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	values := strings.Fields(string(data))
	empty := filepath.Join(b.dir, "one line.log")
	if err := os.WriteFile(empty, []byte("2021-03-02 10:00:00 INFO nothing to be seen here\n"), 0o600); err != nil {
		return err
	}
	db := filepath.Join(b.dir, "million.db")
	if err := refresh(db); err != nil {
		return err
	}
	if err := command(b.tocsin, "import", "--quiet", "--db", db, bundle).run(); err != nil {
		return err
	}
	hunt := func(path string, from ...string) *process {
		return command(slices.Concat([]string{b.tocsin, "hunt", "--quiet", "--workers", "1", "--rules", "none", "--json", "/dev/null"}, from, []string{path})...)
	}
	if err := hunt(empty, "--db", db).run(); err != nil { // compiles
		return err
	}
	if err := b.compare("a million indicators, until a log of one line is hunted, one core", []*cell{
		{tool: "tocsin hunt --intel BUNDLE", cmd: hunt(empty, "--intel", bundle)},
		{tool: "tocsin hunt, from the store", cmd: hunt(empty, "--db", db)},
	}, 1e6, "indicators/s", 1); err != nil {
		return err
	}
	for _, l := range []lane{{name: "text", event: gatewayLine}, {name: "JSON lines", event: processCreation}} {
		path := filepath.Join(b.dir, "indicators "+l.name+".log")
		n, err := plant(path, l.event, values, int64(*indicatorMB)*1e6)
		if err != nil {
			return err
		}
		cells := []*cell{
			{tool: "tocsin hunt, from the store", cmd: hunt(path, "--db", db)},
			{tool: "tocsin hunt --intel BUNDLE", cmd: hunt(path, "--intel", bundle)},
		}
		if p := find("rg"); p != "" {
			cells = append(cells, &cell{tool: "rg -c -a -F -j 1 -f LIST", cmd: command(p, "-c", "-a", "-F", "-j", "1", "-f", list, path)})
		}
		if p := find("grep"); p != "" {
			cells = append(cells, &cell{tool: "grep -c -a -F -f LIST, LC_ALL=C", cmd: command("env", "LC_ALL=C", p, "-c", "-a", "-F", "-f", list, path)})
		}
		name := fmt.Sprintf("a million indicators over %d MB of %s, one core", *indicatorMB, l.name)
		if err := b.compare(name, cells, float64(n), "MB/s", 1); err != nil {
			return err
		}
	}
	return nil
}

// refresh removes a store and what was compiled of it.
func refresh(db string) error {
	for _, path := range []string{db, db + ".index"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// plant writes about size bytes of lines, one in five thousand with a value in
// it, and returns how many bytes there are.
func plant(path string, line func(r *rand.Rand) string, values []string, size int64) (int64, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(2021, 7))
	some := make([]string, 50_000)
	for i := range some {
		some[i] = line(r)
	}
	n := int64(0)
	for n < size {
		s := some[r.IntN(len(some))]
		if r.IntN(5000) == 0 {
			s = strings.Replace(s, "townhall.example", values[r.IntN(len(values))], 1)
		}
		k, err := w.WriteString(s + "\n")
		if err != nil {
			return n, errors.Join(err, f.Close())
		}
		n += int64(k)
	}
	return n, errors.Join(w.Flush(), f.Close())
}

// gatewayLine is a line of text such as gateways, proxies and resolvers write.
func gatewayLine(r *rand.Rand) string {
	stamp := fmt.Sprintf("2021-03-0%d %02d:%02d:%02d.%03d", 1+r.IntN(5), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000))
	client := fmt.Sprintf("10.%d.%d.%d", r.IntN(256), r.IntN(256), 1+r.IntN(254))
	host := pick(r, "www", "mail", "updates", "forms") + ".townhall.example"
	switch r.IntN(4) {
	case 0:
		return fmt.Sprintf("%s INFO gateway[%d] connection accepted from %s:%d to %s bytes=%d duration=%dms policy=default", stamp, r.IntN(9999), client, 1024+r.IntN(60000), host, r.IntN(99999), r.IntN(9999))
	case 1:
		return fmt.Sprintf("%s INFO resolver query %s type A from %s answered in %d ms, cache miss, upstream 198.51.100.53", stamp, host, client, r.IntN(200))
	case 2:
		return fmt.Sprintf("%s WARN worker-%d request failed for user clerk%d after 3 retries: timeout while waiting for the ledger service, target %s, correlation id %016x", stamp, r.IntN(32), r.IntN(300), host, r.Uint64())
	}
	return fmt.Sprintf(`%s INFO proxy %s "GET http://%s/static/app-%d.js HTTP/1.1" 200 %d "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.182 Safari/537.36"`, stamp, client, host, r.IntN(9), r.IntN(99999))
}
