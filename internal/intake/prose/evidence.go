package prose

import (
	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/stix"
)

// Confidence is the confidence of drafts: Low, as the scale None, Low, Med,
// High of STIX puts it (appendix A). The words stand in the text, but only
// rules have read them.
const Confidence = 15

// Evidence is where a document says something. Drafts have it as the list
// x_tocsin_evidence. That of objects which are the same in all documents, such
// as observables and what ATT&CK names, stands in the report alone, with Ref.
type Evidence struct {
	Ref        stix.ID     `json:"ref,omitempty"` // the object that it is for, in a report
	Kind       Kind        `json:"kind"`
	Words      string      `json:"words"`
	WordsStart int         `json:"words_start"` // bytes of the text
	WordsEnd   int         `json:"words_end"`
	Sentence   string      `json:"sentence"`
	Start      int         `json:"start"`
	End        int         `json:"end"`
	Mood       string      `json:"mood,omitempty"`       // as Mood.String says; absent for a plain assertion
	Stopped    string      `json:"stopped,omitempty"`    // the warninglist that has it
	Candidates []Candidate `json:"candidates,omitempty"` // when the name is ambiguous
}

// maxQuoted is how many bytes of a sentence evidence quotes.
const maxQuoted = 1000

// evidence returns the evidence of a statement.
func (d *Document) evidence(s *Statement) Evidence {
	e := Evidence{
		Kind: s.Kind, Words: clip(s.In(d.Text)), WordsStart: s.Start, WordsEnd: s.End,
		Sentence: clip(s.Sentence.In(d.Text)), Start: s.Sentence.Start, End: s.Sentence.End,
		Mood: s.Mood.String(), Stopped: s.Stopped,
	}
	if len(s.Candidates) > 1 {
		e.Candidates = s.Candidates
	}
	return e
}

// clip cuts a quotation that is too long, between characters.
func clip(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	end := maxQuoted
	for end > 0 && s[end]&0xc0 == 0x80 {
		end--
	}
	return s[:end] + "…"
}

// EvidenceOf returns the evidence that a draft carries, nil for none.
func EvidenceOf(o *stix.Object) []Evidence {
	var x struct {
		Evidence []Evidence `json:"x_tocsin_evidence"`
	}
	if err := json.Unmarshal(o.Raw(), &x); err != nil {
		return nil
	}
	return x.Evidence
}
