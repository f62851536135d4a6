package evtx

import "errors"

// Tokens of BinXml (MS-EVEN6 2.2.12). Bit 0x40 says that attributes follow an
// element start, or that another attribute follows an attribute.
const (
	tokenEOF        = 0x00
	tokenOpen       = 0x01
	tokenCloseStart = 0x02
	tokenCloseEmpty = 0x03
	tokenEnd        = 0x04
	tokenText       = 0x05
	tokenAttribute  = 0x06
	tokenCDATA      = 0x07
	tokenCharRef    = 0x08
	tokenEntityRef  = 0x09
	tokenPITarget   = 0x0a
	tokenPIData     = 0x0b
	tokenInstance   = 0x0c
	tokenNormal     = 0x0d
	tokenOptional   = 0x0e
	tokenFragment   = 0x0f
	tokenMore       = 0x40
)

// Limits that no log of Windows comes near.
const (
	maxDepth    = 64   // elements within elements
	maxNesting  = 16   // BinXml values within BinXml values
	maxNameSize = 1024 // bytes of a flat field name
)

// What is wrong with a record that cannot be read.
var (
	errCut       = errors.New("BinXml runs beyond its bounds; record lost")
	errToken     = errors.New("unexpected BinXml token; record lost")
	errName      = errors.New("a name lies outside the chunk; record lost")
	errTemplate  = errors.New("a template lies outside the chunk; record lost")
	errForeign   = errors.New("the template is another than the record's own; record lost")
	errValues    = errors.New("template values run beyond their bounds; record lost")
	errDepth     = errors.New("XML nested too deep; record lost")
	errLongName  = errors.New("a field name is too long; record lost")
	errWork      = errors.New("the chunk's records expand beyond its limits; record lost")
	errEmpty     = errors.New("there is no event in the record; record lost")
	errManyNames = errors.New("too many different names in one chunk; record lost")
)

// A token is one token of BinXml. Which members hold depends on kind.
type token struct {
	kind byte   // without tokenMore
	more bool   // tokenMore was set
	typ  byte   // substitutions: announced type
	id   uint16 // substitutions: which value; element start: dependency id; char ref: code unit
	name span   // UTF-16 characters of a name
	text span   // UTF-16 characters of text, CDATA or PI data
}

// noDependency is the dependency id of an element that has none.
const noDependency = 0xffff

// A lexer cuts BinXml into tokens. It stops at template instances, whose
// reading is up to the caller.
type lexer struct {
	data []byte // the chunk: names are offsets into it
	span        // what is left to read
	// deps says that element starts carry a dependency id: they do in
	// template definitions and nowhere else.
	deps  bool
	shape *shape // when set, told what the template is made of
}

// need checks that n more bytes are there.
func (l *lexer) need(n int) bool { return l.end-l.pos >= n }

// content reports whether the next token is content that text is made of.
func (l *lexer) content() bool {
	if !l.need(1) {
		return false
	}
	switch l.data[l.pos] &^ tokenMore {
	case tokenText, tokenCDATA, tokenCharRef, tokenEntityRef, tokenNormal, tokenOptional:
		return true
	}
	return false
}

func (l *lexer) next() (token, error) {
	if !l.need(1) {
		return token{kind: tokenEOF}, nil // the end is as good as its token
	}
	b := l.data[l.pos]
	l.pos++
	t := token{kind: b &^ tokenMore, more: b&tokenMore != 0}
	switch t.kind {
	case tokenEOF, tokenCloseStart, tokenCloseEmpty, tokenEnd, tokenInstance:
		return t, nil
	case tokenOpen:
		return t, l.open(&t)
	case tokenAttribute, tokenEntityRef, tokenPITarget:
		return t, l.name(&t)
	case tokenText:
		if !l.need(1) {
			return t, errCut
		}
		t.typ = l.data[l.pos]
		l.pos++
		if t.typ != typeString {
			return t, errToken
		}
		return t, l.characters(&t)
	case tokenCDATA, tokenPIData:
		return t, l.characters(&t)
	case tokenCharRef:
		if !l.need(2) {
			return t, errCut
		}
		t.id = le.Uint16(l.data[l.pos:])
		l.pos += 2
		return t, nil
	case tokenNormal, tokenOptional:
		if !l.need(3) {
			return t, errCut
		}
		t.id, t.typ = le.Uint16(l.data[l.pos:]), l.data[l.pos+2]
		l.pos += 3
		return t, nil
	case tokenFragment:
		if !l.need(3) {
			return t, errCut
		}
		l.pos += 3
		return t, nil
	}
	return t, errToken
}

// open reads an element start. Its lengths are not used: the tokens say where
// an element ends, and lengths that disagree are common in files that other
// programs have written.
func (l *lexer) open(t *token) error {
	t.id = noDependency
	if l.deps {
		if !l.need(2) {
			return errCut
		}
		t.id = le.Uint16(l.data[l.pos:])
		l.pos += 2
	}
	if err := l.skipSize(); err != nil {
		return err
	}
	if err := l.name(t); err != nil {
		return err
	}
	if t.more {
		return l.skipSize()
	}
	return nil
}

func (l *lexer) skipSize() error {
	if !l.need(4) {
		return errCut
	}
	l.pos += 4
	l.shape.cut(l.data, l.pos-4, l.pos, span{})
	return nil
}

// name reads the offset of a name. A name that the chunk has not had before
// stands right here: next offset, hash, number of characters, the characters
// and a NUL.
func (l *lexer) name(t *token) error {
	if !l.need(4) {
		return errCut
	}
	at := int64(le.Uint32(l.data[l.pos:]))
	n, err := nameAt(l.data, at)
	if err != nil {
		return err
	}
	t.name = n
	start := l.pos
	l.pos += 4
	if int(at) == l.pos {
		if !l.need(n.end + 2 - l.pos) {
			return errCut
		}
		l.pos = n.end + 2
	}
	l.shape.cut(l.data, start, l.pos, n)
	return nil
}

// nameAt returns where the characters of the name at offset at stand.
func nameAt(data []byte, at int64) (span, error) {
	if at < chunkHeaderSize || at+10 > int64(len(data)) {
		return span{}, errName
	}
	start := int(at) + 8
	end := start + 2*int(le.Uint16(data[at+6:]))
	if end+2 > len(data) {
		return span{}, errName
	}
	return span{start, end}, nil
}

// characters reads text with its length before it.
func (l *lexer) characters(t *token) error {
	if !l.need(2) {
		return errCut
	}
	n := 2 * int(le.Uint16(l.data[l.pos:]))
	l.pos += 2
	if !l.need(n) {
		return errCut
	}
	t.text = span{l.pos, l.pos + n}
	l.pos += n
	return nil
}
