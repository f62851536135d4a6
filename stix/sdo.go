package stix

import "github.com/go-json-experiment/json/jsontext"

// The domain objects of section 4, one struct each. A tag `stix` beside a
// property says what its section asks of it; schema.go tells how to read it.

// An AttackPattern is a way that adversaries attempt to compromise targets
// (section 4.1).
type AttackPattern struct {
	Common
	Name            string           `json:"name" stix:"required"`
	Description     string           `json:"description,omitempty"`
	Aliases         []string         `json:"aliases,omitempty"`
	KillChainPhases []KillChainPhase `json:"kill_chain_phases,omitempty"`
}

// A Campaign is a grouping of adversarial behaviour over time against a set of
// targets (section 4.2).
type Campaign struct {
	Common
	Name        string    `json:"name" stix:"required"`
	Description string    `json:"description,omitempty"`
	Aliases     []string  `json:"aliases,omitempty"`
	FirstSeen   Timestamp `json:"first_seen,omitzero"`
	LastSeen    Timestamp `json:"last_seen,omitzero" stix:"from=first_seen"`
	Objective   string    `json:"objective,omitempty"`
}

// A CourseOfAction is what to do against an attack (section 4.3).
type CourseOfAction struct {
	Common
	Name        string `json:"name" stix:"required"`
	Description string `json:"description,omitempty"`
}

// A Grouping says that objects share a context (section 4.4).
type Grouping struct {
	Common
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	Context     string `json:"context" stix:"required,open=grouping-context-ov"`
	ObjectRefs  []ID   `json:"object_refs" stix:"required"`
}

// An Identity is a person, an organisation, a group, a sector or a system
// (section 4.5).
type Identity struct {
	Common
	Name               string   `json:"name" stix:"required"`
	Description        string   `json:"description,omitempty"`
	Roles              []string `json:"roles,omitempty"`
	IdentityClass      string   `json:"identity_class,omitempty" stix:"open=identity-class-ov"`
	Sectors            []string `json:"sectors,omitempty" stix:"open=industry-sector-ov"`
	ContactInformation string   `json:"contact_information,omitempty"`
}

// An Incident is a stub in STIX 2.1; extensions carry what is known of it
// (section 4.6).
type Incident struct {
	Common
	Name        string `json:"name" stix:"required"`
	Description string `json:"description,omitempty"`
}

// An Indicator is a pattern that detects suspicious or malicious activity
// (section 4.7).
type Indicator struct {
	Common
	Name            string           `json:"name,omitempty"`
	Description     string           `json:"description,omitempty"`
	IndicatorTypes  []string         `json:"indicator_types,omitempty" stix:"open=indicator-type-ov"`
	Pattern         string           `json:"pattern" stix:"required"`
	PatternType     string           `json:"pattern_type" stix:"required,open=pattern-type-ov"`
	PatternVersion  string           `json:"pattern_version,omitempty"`
	ValidFrom       Timestamp        `json:"valid_from" stix:"required"`
	ValidUntil      Timestamp        `json:"valid_until,omitzero" stix:"after=valid_from"`
	KillChainPhases []KillChainPhase `json:"kill_chain_phases,omitempty"`
}

// Infrastructure is the systems and services that serve a purpose, such as
// command and control (section 4.8).
type Infrastructure struct {
	Common
	Name                string           `json:"name" stix:"required"`
	Description         string           `json:"description,omitempty"`
	InfrastructureTypes []string         `json:"infrastructure_types,omitempty" stix:"open=infrastructure-type-ov"`
	Aliases             []string         `json:"aliases,omitempty"`
	KillChainPhases     []KillChainPhase `json:"kill_chain_phases,omitempty"`
	FirstSeen           Timestamp        `json:"first_seen,omitzero"`
	LastSeen            Timestamp        `json:"last_seen,omitzero" stix:"from=first_seen"`
}

// An IntrusionSet is behaviour and resources believed to be of one
// organisation (section 4.9).
type IntrusionSet struct {
	Common
	Name                 string    `json:"name" stix:"required"`
	Description          string    `json:"description,omitempty"`
	Aliases              []string  `json:"aliases,omitempty"`
	FirstSeen            Timestamp `json:"first_seen,omitzero"`
	LastSeen             Timestamp `json:"last_seen,omitzero" stix:"from=first_seen"`
	Goals                []string  `json:"goals,omitempty"`
	ResourceLevel        string    `json:"resource_level,omitempty" stix:"open=attack-resource-level-ov"`
	PrimaryMotivation    string    `json:"primary_motivation,omitempty" stix:"open=attack-motivation-ov"`
	SecondaryMotivations []string  `json:"secondary_motivations,omitempty" stix:"open=attack-motivation-ov"`
}

// A Location is a place: a region, a country, a point (section 4.10).
type Location struct {
	Common
	Name               string   `json:"name,omitempty"`
	Description        string   `json:"description,omitempty"`
	Latitude           *float64 `json:"latitude,omitempty" stix:"min=-90,max=90,with=longitude"`
	Longitude          *float64 `json:"longitude,omitempty" stix:"min=-180,max=180,with=latitude"`
	Precision          *float64 `json:"precision,omitempty" stix:"min=0,with=latitude"` // metres
	Region             string   `json:"region,omitempty" stix:"open=region-ov"`
	Country            string   `json:"country,omitempty"` // ISO 3166-1 alpha-2
	AdministrativeArea string   `json:"administrative_area,omitempty"`
	City               string   `json:"city,omitempty"`
	StreetAddress      string   `json:"street_address,omitempty"`
	PostalCode         string   `json:"postal_code,omitempty"`
}

// Malware is malicious code, one instance or a family of it (section 4.11).
type Malware struct {
	Common
	Name                      string           `json:"name,omitempty"`
	Description               string           `json:"description,omitempty"`
	MalwareTypes              []string         `json:"malware_types,omitempty" stix:"open=malware-type-ov"`
	IsFamily                  bool             `json:"is_family" stix:"required"`
	Aliases                   []string         `json:"aliases,omitempty"`
	KillChainPhases           []KillChainPhase `json:"kill_chain_phases,omitempty"`
	FirstSeen                 Timestamp        `json:"first_seen,omitzero"`
	LastSeen                  Timestamp        `json:"last_seen,omitzero" stix:"from=first_seen"`
	OperatingSystemRefs       []ID             `json:"operating_system_refs,omitempty" stix:"ref=software"`
	ArchitectureExecutionEnvs []string         `json:"architecture_execution_envs,omitempty" stix:"open=processor-architecture-ov"`
	ImplementationLanguages   []string         `json:"implementation_languages,omitempty" stix:"open=implementation-language-ov"`
	Capabilities              []string         `json:"capabilities,omitempty" stix:"open=malware-capabilities-ov"`
	SampleRefs                []ID             `json:"sample_refs,omitempty" stix:"ref=artifact|file"`
}

// A MalwareAnalysis is the result of an analysis of malware (section 4.12).
type MalwareAnalysis struct {
	Common
	Product                   string    `json:"product" stix:"required"`
	Version                   string    `json:"version,omitempty"`
	HostVMRef                 ID        `json:"host_vm_ref,omitempty" stix:"ref=software"`
	OperatingSystemRef        ID        `json:"operating_system_ref,omitempty" stix:"ref=software"`
	InstalledSoftwareRefs     []ID      `json:"installed_software_refs,omitempty" stix:"ref=software"`
	ConfigurationVersion      string    `json:"configuration_version,omitempty"`
	Modules                   []string  `json:"modules,omitempty"`
	AnalysisEngineVersion     string    `json:"analysis_engine_version,omitempty"`
	AnalysisDefinitionVersion string    `json:"analysis_definition_version,omitempty"`
	Submitted                 Timestamp `json:"submitted,omitzero"`
	AnalysisStarted           Timestamp `json:"analysis_started,omitzero"`
	AnalysisEnded             Timestamp `json:"analysis_ended,omitzero" stix:"warnfrom=analysis_started"`
	ResultName                string    `json:"result_name,omitempty"`
	Result                    string    `json:"result,omitempty" stix:"open=malware-result-ov"`
	AnalysisSCORefs           []ID      `json:"analysis_sco_refs,omitempty" stix:"ref=SCO"`
	SampleRef                 ID        `json:"sample_ref,omitempty" stix:"ref=artifact|file|network-traffic"`
}

// A Note is what people say beside the objects (section 4.13).
type Note struct {
	Common
	Abstract   string   `json:"abstract,omitempty"`
	Content    string   `json:"content" stix:"required"`
	Authors    []string `json:"authors,omitempty"`
	ObjectRefs []ID     `json:"object_refs" stix:"required"`
}

// ObservedData is what was seen, as observables (section 4.14).
type ObservedData struct {
	Common
	FirstObserved  Timestamp                 `json:"first_observed" stix:"required"`
	LastObserved   Timestamp                 `json:"last_observed" stix:"required,from=first_observed"`
	NumberObserved int                       `json:"number_observed" stix:"required,min=1,max=999999999"`
	Objects        map[string]jsontext.Value `json:"objects,omitempty"` // deprecated; see Lift
	ObjectRefs     []ID                      `json:"object_refs,omitempty" stix:"ref=SCO|SRO"`
}

// An Opinion is how far someone agrees with what an object says (section 4.15).
type Opinion struct {
	Common
	Explanation string   `json:"explanation,omitempty"`
	Authors     []string `json:"authors,omitempty"`
	Opinion     string   `json:"opinion" stix:"required,enum=opinion-enum"`
	ObjectRefs  []ID     `json:"object_refs" stix:"required"`
}

// A Report is a publication about one or more topics (section 4.16).
type Report struct {
	Common
	Name        string    `json:"name" stix:"required"`
	Description string    `json:"description,omitempty"`
	ReportTypes []string  `json:"report_types,omitempty" stix:"open=report-type-ov"`
	Published   Timestamp `json:"published" stix:"required"`
	ObjectRefs  []ID      `json:"object_refs" stix:"required"`
}

// A ThreatActor is a person, group or organisation that acts with malicious
// intent (section 4.17).
type ThreatActor struct {
	Common
	Name                 string    `json:"name" stix:"required"`
	Description          string    `json:"description,omitempty"`
	ThreatActorTypes     []string  `json:"threat_actor_types,omitempty" stix:"open=threat-actor-type-ov"`
	Aliases              []string  `json:"aliases,omitempty"`
	FirstSeen            Timestamp `json:"first_seen,omitzero"`
	LastSeen             Timestamp `json:"last_seen,omitzero" stix:"from=first_seen"`
	Roles                []string  `json:"roles,omitempty" stix:"open=threat-actor-role-ov"`
	Goals                []string  `json:"goals,omitempty"`
	Sophistication       string    `json:"sophistication,omitempty" stix:"open=threat-actor-sophistication-ov"`
	ResourceLevel        string    `json:"resource_level,omitempty" stix:"open=attack-resource-level-ov"`
	PrimaryMotivation    string    `json:"primary_motivation,omitempty" stix:"open=attack-motivation-ov"`
	SecondaryMotivations []string  `json:"secondary_motivations,omitempty" stix:"open=attack-motivation-ov"`
	PersonalMotivations  []string  `json:"personal_motivations,omitempty" stix:"open=attack-motivation-ov"`
}

// A Tool is legitimate software that adversaries use (section 4.18).
type Tool struct {
	Common
	Name            string           `json:"name" stix:"required"`
	Description     string           `json:"description,omitempty"`
	ToolTypes       []string         `json:"tool_types,omitempty" stix:"open=tool-type-ov"`
	Aliases         []string         `json:"aliases,omitempty"`
	KillChainPhases []KillChainPhase `json:"kill_chain_phases,omitempty"`
	ToolVersion     string           `json:"tool_version,omitempty"`
}

// A Vulnerability is a weakness that can be exploited (section 4.19).
type Vulnerability struct {
	Common
	Name        string `json:"name" stix:"required"`
	Description string `json:"description,omitempty"`
}

// A Relationship links two objects (section 5.1).
type Relationship struct {
	Common
	RelationshipType string    `json:"relationship_type" stix:"required"`
	Description      string    `json:"description,omitempty"`
	SourceRef        ID        `json:"source_ref" stix:"required,ref=SDO|SCO"`
	TargetRef        ID        `json:"target_ref" stix:"required,ref=SDO|SCO"`
	StartTime        Timestamp `json:"start_time,omitzero"`
	StopTime         Timestamp `json:"stop_time,omitzero" stix:"after=start_time"`
}

// A Sighting says that something was seen (section 5.2).
type Sighting struct {
	Common
	Description      string    `json:"description,omitempty"`
	FirstSeen        Timestamp `json:"first_seen,omitzero"`
	LastSeen         Timestamp `json:"last_seen,omitzero" stix:"from=first_seen"`
	Count            *int      `json:"count,omitempty" stix:"min=0,max=999999999"`
	SightingOfRef    ID        `json:"sighting_of_ref" stix:"required,ref=SDO"`
	ObservedDataRefs []ID      `json:"observed_data_refs,omitempty" stix:"ref=observed-data"`
	WhereSightedRefs []ID      `json:"where_sighted_refs,omitempty" stix:"ref=identity|location"`
	Summary          bool      `json:"summary,omitzero"`
}
