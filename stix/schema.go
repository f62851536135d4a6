package stix

import (
	"iter"
	"reflect"
	"strings"
)

// properties yields the properties of a struct of this package, those of
// embedded structs too, by their names in JSON.
func properties(t reflect.Type) iter.Seq2[string, reflect.StructField] {
	return func(yield func(string, reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && !yield(name, f) {
				return
			}
		}
	}
}
