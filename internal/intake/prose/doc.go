// Package prose reads reports that people wrote for people: it finds what a
// text says, with the sentence that says it, and drafts STIX objects from it
// that a person accepts or rejects.
//
//	d, err := prose.Load(file, prose.HTML)
//	s := prose.Read(d, prose.Options{})
//	objects, err := prose.Drafts(d, s)
//
// A [Statement] is one thing that the text says: an observable, a technique, a
// name of an actor, a number of victims, a claim of one about another. It
// carries the words and the sentence by their offsets, all that an ambiguous
// name may stand for, and its [Mood]: what is denied, alleged or only said by
// somebody never becomes a plain assertion.
//
// What the rules do not understand they leave out. They know English.
package prose
