package exercise

import (
	"context"
	"testing"
)

func BenchmarkGenerate(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		sum, err := Generate(context.Background(), dir, Options{Seed: DefaultSeed, Size: 64 << 20})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(sum.Bytes)
	}
}
