package misp

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// A Galaxy is a list of actors, tools, techniques or other things that are
// known by name: of an event, or a cluster file.
type Galaxy struct {
	UUID        string    `json:"uuid"`
	Name        string    `json:"name"`
	Type        string    `json:"type"`
	Description string    `json:"description"`
	Version     string    `json:"version"`
	Clusters    []Cluster `json:"GalaxyCluster"`
}

// A Cluster is one of them.
type Cluster struct {
	UUID        string                    `json:"uuid"`
	Type        string                    `json:"type"`
	Value       string                    `json:"value"`
	TagName     string                    `json:"tag_name"`
	Description string                    `json:"description"`
	Version     string                    `json:"version"`
	Meta        map[string]jsontext.Value `json:"meta"`
	Related     []Related                 `json:"related"`
}

// A Related leads from a cluster to another one.
type Related struct {
	DestUUID string `json:"dest-uuid"`
	Type     string `json:"type"`
}

func (b *builder) clusters(galaxies []Galaxy, of stix.ID, tags []Tag) {}
