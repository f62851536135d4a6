package auth_test

import (
	"testing"

	"github.com/tocsin-project/tocsin/internal/auth"
)

// Each role includes those before it, and no other.
func TestRoles(t *testing.T) {
	all := []auth.Role{auth.Reader, auth.Contributor, auth.Releaser, auth.Admin}
	for i, r := range all {
		for j, other := range all {
			if r.May(other) != (i >= j) {
				t.Errorf("%s may what %s may: %t", r, other, r.May(other))
			}
		}
		for _, nobody := range []auth.Role{"", "root", "Reader"} {
			if r.May(nobody) || nobody.May(r) {
				t.Errorf("%s and %q include one another", r, nobody)
			}
		}
		for standing, fits := range map[auth.Standing]bool{auth.Own: true, auth.Client: r != auth.Admin, auth.Partner: r != auth.Admin, auth.Guest: r != auth.Admin} {
			if err := r.Suits(auth.Org{Standing: standing}); (err == nil) != fits {
				t.Errorf("%s of %s: %v", r, standing, err)
			}
		}
	}
	if auth.Role("root").Suits(auth.Org{Standing: auth.Own}) == nil {
		t.Error("there is no such role")
	}
}
