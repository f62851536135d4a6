package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix"
)

// A column is what the cells of one column are.
type column struct {
	role role
	kind observable.Kind // of a value; Unknown: each cell tells, or the column of kinds does
}

// A role is what a column says of a row.
type role int

const (
	roleSkip role = iota
	roleValue
	roleKind // of the values of the row
	roleName
	roleDescription
	roleLabel
	roleFirst
	roleUntil
	roleConfidence
	roleMarking
	roleReference
	roleUse // whether the row is to be looked for: MISP's to_ids
)

// roles are the names that columns have in the tables that are about, without
// blanks, hyphens and underscores. Kinds of observables are names as well.
var roles = map[string]role{
	"value": roleValue, "indicator": roleValue, "ioc": roleValue, "iocvalue": roleValue, "observable": roleValue, "indicatorvalue": roleValue, "artifact": roleValue,
	"type": roleKind, "ioctype": roleKind, "indicatortype": roleKind, "kind": roleKind, "datatype": roleKind,
	"name": roleName, "title": roleName,
	"description": roleDescription, "comment": roleDescription, "comments": roleDescription, "note": roleDescription, "shortdescription": roleDescription, "notes": roleDescription, "context": roleDescription,
	"tag": roleLabel, "tags": roleLabel, "label": roleLabel, "labels": roleLabel, "malware": roleLabel, "signature": roleLabel, "threat": roleLabel, "family": roleLabel, "category": roleLabel,
	"firstseen": roleFirst, "firstseenutc": roleFirst, "validfrom": roleFirst, "date": roleFirst, "dateadded": roleFirst, "created": roleFirst, "seen": roleFirst,
	"validuntil": roleUntil, "expires": roleUntil, "expiration": roleUntil, "expirationdate": roleUntil,
	"confidence": roleConfidence, "confidencelevel": roleConfidence, "score": roleConfidence,
	"tlp": roleMarking, "marking": roleMarking,
	"reference": roleReference, "references": roleReference, "link": roleReference, "source": roleSkip, "sourceurl": roleReference,
	"toids": roleUse,
}

// plainTitle is the name of a column in lower case, without what is between its
// words.
func plainTitle(title string) string {
	return strings.NewReplacer(" ", "", "-", "", "_", "", ".", "").Replace(strings.ToLower(strings.Trim(title, "\"' #\ufeff")))
}

// columnOf returns what a column of a name is.
func columnOf(title string) (column, bool) {
	key := plainTitle(title)
	if r, ok := roles[key]; ok {
		return column{role: r}, true
	}
	for _, suffix := range []string{"", "hash", "address"} {
		if k, err := observable.ParseKind(strings.TrimSuffix(key, suffix)); err == nil && key != suffix {
			return column{role: roleValue, kind: k}, true
		}
	}
	switch key {
	case "filename":
		return column{role: roleValue, kind: observable.FileName}, true
	case "ip", "ips", "ipaddress", "srcip", "dstip", "dest", "host", "hash", "filehash", "address":
		return column{role: roleValue}, true
	}
	return column{}, false
}

// CheckColumns tells whether all of names are ones of columns, or "-".
func CheckColumns(names []string) error {
	for _, name := range names {
		if _, ok := columnOf(name); !ok && name != "-" {
			return fmt.Errorf("%q is no column: it is one of value, type, name, description, tags, first_seen, valid_until, confidence, tlp, reference, to_ids, or a kind of observable: %s; - skips one", name, strings.Join(observable.KindNames(), ", "))
		}
	}
	return nil
}

// table reads comma-separated values (RFC 4180), or such with semicolons, tabs
// or bars between.
func (r *reading) table() error {
	t := table{reading: r}
	if err := CheckColumns(r.Columns); err != nil {
		return fmt.Errorf("--columns: %w", err)
	}
	for _, name := range r.Columns {
		c, _ := columnOf(name)
		t.columns = append(t.columns, c)
	}
	err := r.lines(t.line)
	return errors.Join(err, t.end())
}

// A table is a table being read, line by line.
type table struct {
	*reading
	comma   rune
	columns []column
	title   []byte // the last comment before the first row, which may be its header
	begun   bool
	pending []byte // a record that goes on in the next line
	start   int    // the line that it began in
}

func (t *table) line(number int, line []byte) error {
	if len(t.pending) == 0 {
		if trimmed := bytes.TrimSpace(line); len(trimmed) == 0 {
			return nil
		} else if isComment(trimmed) {
			if !t.begun {
				t.title = append(t.title[:0], trimmed...)
			}
			return nil
		}
		t.start = number
	} else {
		t.pending = append(t.pending, '\n')
	}
	t.pending = append(t.pending, line...)
	if bytes.Count(t.pending, []byte{'"'})%2 != 0 && len(t.pending) < maxLine {
		return nil // a quoted cell goes on
	}
	return t.end()
}

// end reads the record that has been gathered.
func (t *table) end() error {
	if len(t.pending) == 0 {
		return nil
	}
	text := t.pending
	t.pending = t.pending[:0]
	where := "line " + strconv.Itoa(t.start)
	if t.comma == 0 {
		t.comma = comma(text)
	}
	cells, err := split(text, t.comma)
	if err != nil {
		return t.reject(where, "", text, "%v: quote cells as RFC 4180 says", err)
	}
	if !t.begun {
		t.begun = true
		if header, err := t.header(cells); header || err != nil {
			return err
		}
	}
	return t.row(where, text, cells)
}

func split(text []byte, comma rune) ([]string, error) {
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma, in.LazyQuotes, in.FieldsPerRecord = comma, true, -1
	in.TrimLeadingSpace = comma != '\t'
	cells, err := in.Read()
	if err == io.EOF {
		return nil, nil
	}
	return cells, err
}

// comma returns what stands between the cells of a record: what gives the most
// observables and names of columns, and then the most cells.
func comma(text []byte) rune {
	best, most := ',', 0
	for _, c := range ",;\t|" {
		if bytes.IndexByte(text, byte(c)) < 0 {
			continue
		}
		cells, err := split(text, c)
		if err != nil {
			continue
		}
		score := len(cells)
		for _, cell := range cells {
			if _, known := columnOf(cell); known || isObservable(cell) {
				score += maxLine
			}
		}
		if score > most {
			best, most = c, score
		}
	}
	return best
}

func isObservable(cell string) bool {
	_, err := observable.Guess(cell)
	return err == nil
}

// header finds out what the columns are, and reports whether cells are their
// names. Names come in the first row, or in the comment above it.
func (t *table) header(cells []string) (bool, error) {
	columns, isHeader := titles(cells)
	if t.columns != nil {
		return isHeader, nil
	}
	if isHeader {
		if from, to := ends(cells); from != "" && to != "" {
			return true, fmt.Errorf("a table of connections (%s, %s), whose addresses are those of everybody: tocsin hunt reads logs; say with tocsin import --columns which column is to be looked for, - for the others", from, to)
		}
		t.columns = columns
		return true, nil
	}
	if above, err := split(bytes.TrimLeft(t.title, "# "), t.comma); err == nil && len(above) == len(cells) {
		if columns, ok := titles(above); ok {
			t.columns = columns
			return false, nil
		}
	}
	for _, cell := range cells {
		c := column{role: roleDescription}
		if isObservable(cell) {
			c.role = roleValue
		} else if _, err := observable.ParseKind(cell); err == nil {
			c.role = roleKind
		} else if !when(cell).IsZero() {
			c.role = roleFirst
		}
		t.columns = append(t.columns, c)
	}
	if !slices.ContainsFunc(t.columns, func(c column) bool { return c.role == roleValue }) {
		return false, errors.New("no column of observables was found: say --columns, such as --columns value,type,description")
	}
	return false, nil
}

// titles reads cells as names of columns; ok is whether they are, one of them
// that of a value.
func titles(cells []string) (columns []column, ok bool) {
	for _, cell := range cells {
		c, _ := columnOf(cell)
		columns = append(columns, c)
		ok = ok || c.role == roleValue
		if isObservable(cell) {
			return nil, false
		}
	}
	return columns, ok
}

// ends returns the names of the columns in which both ends of a connection
// stand, as firewalls write them.
func ends(titles []string) (from, to string) {
	for _, title := range titles {
		switch plainTitle(title) {
		case "src", "srcip", "sourceip", "srcaddr", "sourceaddress", "idorigh":
			from = title
		case "dst", "dstip", "destip", "destinationip", "dstaddr", "destinationaddress", "idresph":
			to = title
		}
	}
	return from, to
}

// row makes what one record says: each of its observables with the rest.
func (t *table) row(where string, text []byte, cells []string) error {
	var w row
	kind := "" // as the row names it
	cells = cells[:min(len(cells), len(t.columns))]
	for i, cell := range cells {
		if cells[i] = strings.TrimSpace(cell); cells[i] == "-" || cells[i] == "None" {
			cells[i] = ""
		}
		switch cell = cells[i]; {
		case cell == "":
		case t.columns[i].role == roleKind:
			kind = cell
		case t.columns[i].role == roleUse && (cell == "0" || strings.EqualFold(cell, "false")):
			return t.reject(where, "", text, "its to_ids says that it is no sign of an attack")
		default:
			t.columns[i].tell(&w, cell)
		}
	}
	values := 0
	for i, cell := range cells {
		c := t.columns[i]
		if c.role != roleValue || cell == "" {
			continue
		}
		values++
		part, k := composite(cell, kind)
		o, err := read(part, c.kind, k)
		if err == nil {
			one := w
			one.observable = o
			err = t.seen(where, text, one)
		} else {
			err = t.reject(where, "", text, "%v", err)
		}
		if err != nil {
			return err
		}
	}
	if values == 0 {
		return t.reject(where, "", text, "no observable in it")
	}
	return nil
}

// composite returns the kind that a row names and the value that is of it. Of
// two in one cell, as MISP writes them (filename|md5, ip-dst|port), that counts
// which tells more: the hash of a file, the address before a port.
func composite(cell, kind string) (value string, k observable.Kind) {
	first, second, two := strings.Cut(kind, "|")
	if a, b, ok := strings.Cut(cell, "|"); ok && two {
		if strings.EqualFold(first, "filename") {
			cell, first = b, second
		} else {
			cell = a
		}
	}
	k, _ = observable.ParseKind(first)
	return cell, k
}

// read reads a cell as of the kind of its column, of its row, or as it looks.
func read(cell string, column, row observable.Kind) (observable.Observable, error) {
	cell = mailbox(cell)
	for _, k := range []observable.Kind{column, row} {
		if k == observable.Unknown {
			continue
		}
		o, err := observable.Parse(k, cell)
		if err == nil && k == observable.Domain && !strings.Contains(o.Value, ".") {
			err = fmt.Errorf("%q: a name without a dot is no domain of the internet: write all of it", o.Value)
		}
		if err == nil || k == column {
			return o, err
		}
	}
	return observable.Guess(cell)
}

// mailbox returns the address of a mailbox with a name before it (RFC 5322,
// section 3.4: Guy <guy@example.org>), all else as it is.
func mailbox(cell string) string {
	if _, address, ok := strings.Cut(cell, "<"); ok && strings.HasSuffix(address, ">") && strings.Contains(address, "@") {
		return strings.TrimSpace(address[:len(address)-1])
	}
	return cell
}

// tell puts what a cell says of the row into w.
func (c column) tell(w *row, cell string) {
	switch c.role {
	case roleName:
		w.name = cell
	case roleDescription:
		w.description = strings.TrimPrefix(w.description+"\n"+cell, "\n")
	case roleLabel:
		for _, l := range strings.FieldsFunc(cell, func(c rune) bool { return c == ',' || c == ';' || c == '|' }) {
			if l = strings.TrimSpace(l); l != "" && !slices.Contains(w.labels, l) {
				w.labels = append(w.labels, l)
			}
		}
	case roleFirst:
		w.first = when(cell)
	case roleUntil:
		w.until = when(cell)
	case roleConfidence:
		if n, err := strconv.Atoi(strings.TrimSuffix(cell, "%")); err == nil && n > 0 && n <= 100 {
			w.confidence = n
		}
	case roleMarking:
		w.marking = colour(cell)
	case roleReference:
		w.reference = cell
	}
}

// when reads a time as tables write it; zero where it is none.
func when(cell string) stix.Timestamp {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly, "20060102"} {
		if t, err := time.Parse(layout, cell); err == nil && t.Year() > 1970 {
			return stix.Timestamp{Time: t.UTC()}
		}
	}
	return stix.Timestamp{}
}

// colour reads a colour of TLP, as TLP:AMBER+STRICT or amber.
func colour(cell string) stix.TLP {
	cell = strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(cell, " ", "")), "tlp:")
	for t := stix.TLPClear; t <= stix.TLPRed; t++ {
		if cell == t.String() {
			return t
		}
	}
	if cell == "white" {
		return stix.TLPClear
	}
	return stix.TLPNone
}

// isCSV reports whether the first lines are records of equally many cells, of
// which the first names the columns or most hold an observable.
func isCSV(head []byte, path string) bool {
	lines := sample(head)
	if len(lines) == 0 {
		return false
	}
	c := comma(lines[0])
	if !bytes.ContainsRune(lines[0], c) {
		return false
	}
	even, seen, width := 0, 0, 0
	header := false
	for i, line := range lines {
		if hosts(string(line)) != nil { // with tabs between
			return false
		}
		cells, err := split(line, c)
		if err != nil {
			continue
		}
		if i == 0 {
			if width = len(cells); width < 2 {
				return false
			}
			_, header = titles(cells)
		}
		if len(cells) == width {
			even++
		}
		if slices.ContainsFunc(cells, isObservable) {
			seen++
		}
	}
	if header {
		return even*2 >= len(lines) // cells may go on in the next line
	}
	return even*10 >= len(lines)*8 && (seen*10 >= len(lines)*6 || named(path, ".csv", ".tsv"))
}
