// Package observable knows the things that can be seen on a network or a
// machine and told from one another by their writing alone: domains, addresses,
// URLs, hashes, files, wallets and the like.
//
// An [Observable] is a [Kind] with a normalised value, so that two of them are
// the same thing exactly when they are equal (==). [Parse] reads one whose kind
// is known, [Guess] one cell of a list, and an [Extractor] finds them in prose,
// where they may be written so that nobody clicks on them (defanged):
//
//	var x observable.Extractor
//	for m := range x.Extract("It called hxxps://evil[.]example.com/gate.") {
//		fmt.Println(m.Kind, m.Value, m.Defanged) // url https://evil.example.com/gate true
//	}
//
// [Tokens] splits raw log text into what has the shape of an observable, at
// the speed of memory. [Warninglists] tell what is harmless or too common to be
// asked for.
package observable
