package stix

import "github.com/go-json-experiment/json/jsontext"

// The observables of section 6, one struct each. Where zero says something,
// such as a port or a process id, the property is a pointer.

// Hashes are digests by the name of their algorithm (section 2.7).
type Hashes map[string]string

// An Artifact is an array of bytes, or where they are to be had (section 6.1).
type Artifact struct {
	Common
	MIMEType            string `json:"mime_type,omitempty"`
	PayloadBin          []byte `json:"payload_bin,omitempty"`
	URL                 string `json:"url,omitempty"`
	Hashes              Hashes `json:"hashes,omitempty"`
	EncryptionAlgorithm string `json:"encryption_algorithm,omitempty" stix:"enum=encryption-algorithm-enum"`
	DecryptionKey       string `json:"decryption_key,omitempty" stix:"with=encryption_algorithm"`
}

// An AutonomousSystem is an AS of the internet (section 6.2).
type AutonomousSystem struct {
	Common
	Number int64  `json:"number" stix:"required"`
	Name   string `json:"name,omitempty"`
	RIR    string `json:"rir,omitempty"`
}

// A Directory is a folder of a file system (section 6.3).
type Directory struct {
	Common
	Path         string    `json:"path" stix:"required"`
	PathEnc      string    `json:"path_enc,omitempty"`
	Ctime        Timestamp `json:"ctime,omitzero"`
	Mtime        Timestamp `json:"mtime,omitzero"`
	Atime        Timestamp `json:"atime,omitzero"`
	ContainsRefs []ID      `json:"contains_refs,omitempty" stix:"ref=file|directory"`
}

// A DomainName is a name in the DNS (section 6.4).
type DomainName struct {
	Common
	Value          string `json:"value" stix:"required"`
	ResolvesToRefs []ID   `json:"resolves_to_refs,omitempty" stix:"ref=ipv4-addr|ipv6-addr|domain-name"` // deprecated
}

// An EmailAddr is an e-mail address (section 6.5).
type EmailAddr struct {
	Common
	Value        string `json:"value" stix:"required"`
	DisplayName  string `json:"display_name,omitempty"`
	BelongsToRef ID     `json:"belongs_to_ref,omitempty" stix:"ref=user-account"`
}

// An EmailMessage is an e-mail (section 6.6).
type EmailMessage struct {
	Common
	IsMultipart            bool                `json:"is_multipart" stix:"required"`
	Date                   Timestamp           `json:"date,omitzero"`
	ContentType            string              `json:"content_type,omitempty"`
	FromRef                ID                  `json:"from_ref,omitempty" stix:"ref=email-addr"`
	SenderRef              ID                  `json:"sender_ref,omitempty" stix:"ref=email-addr"`
	ToRefs                 []ID                `json:"to_refs,omitempty" stix:"ref=email-addr"`
	CcRefs                 []ID                `json:"cc_refs,omitempty" stix:"ref=email-addr"`
	BccRefs                []ID                `json:"bcc_refs,omitempty" stix:"ref=email-addr"`
	MessageID              string              `json:"message_id,omitempty"`
	Subject                string              `json:"subject,omitempty"`
	ReceivedLines          []string            `json:"received_lines,omitempty"`
	AdditionalHeaderFields map[string][]string `json:"additional_header_fields,omitempty"`
	Body                   string              `json:"body,omitempty"`
	BodyMultipart          []EmailMIMEPart     `json:"body_multipart,omitempty"`
	RawEmailRef            ID                  `json:"raw_email_ref,omitempty" stix:"ref=artifact"`
}

// An EmailMIMEPart is one part of a multipart e-mail (section 6.6.2).
type EmailMIMEPart struct {
	Body               string `json:"body,omitempty"`
	BodyRawRef         ID     `json:"body_raw_ref,omitempty" stix:"ref=artifact|file"`
	ContentType        string `json:"content_type,omitempty"`
	ContentDisposition string `json:"content_disposition,omitempty"`
}

// A File is a file, known by its name or its hashes (section 6.7).
type File struct {
	Common
	Hashes             Hashes    `json:"hashes,omitempty"`
	Size               *int64    `json:"size,omitempty" stix:"min=0"`
	Name               string    `json:"name,omitempty"`
	NameEnc            string    `json:"name_enc,omitempty"`
	MagicNumberHex     string    `json:"magic_number_hex,omitempty" stix:"hex"`
	MIMEType           string    `json:"mime_type,omitempty"`
	Ctime              Timestamp `json:"ctime,omitzero"`
	Mtime              Timestamp `json:"mtime,omitzero"`
	Atime              Timestamp `json:"atime,omitzero"`
	ParentDirectoryRef ID        `json:"parent_directory_ref,omitempty" stix:"ref=directory"`
	ContainsRefs       []ID      `json:"contains_refs,omitempty" stix:"ref=SCO"`
	ContentRef         ID        `json:"content_ref,omitempty" stix:"ref=artifact"`
}

// An IPv4Addr is an IPv4 address or a block of them in CIDR notation (section
// 6.8).
type IPv4Addr struct {
	Common
	Value          string `json:"value" stix:"required"`
	ResolvesToRefs []ID   `json:"resolves_to_refs,omitempty" stix:"ref=mac-addr"`         // deprecated
	BelongsToRefs  []ID   `json:"belongs_to_refs,omitempty" stix:"ref=autonomous-system"` // deprecated
}

// An IPv6Addr is an IPv6 address or a block of them in CIDR notation (section
// 6.9).
type IPv6Addr struct {
	Common
	Value          string `json:"value" stix:"required"`
	ResolvesToRefs []ID   `json:"resolves_to_refs,omitempty" stix:"ref=mac-addr"`         // deprecated
	BelongsToRefs  []ID   `json:"belongs_to_refs,omitempty" stix:"ref=autonomous-system"` // deprecated
}

// A MACAddr is a media access control address (section 6.10).
type MACAddr struct {
	Common
	Value string `json:"value" stix:"required"`
}

// A Mutex is a mutual exclusion object by its name (section 6.11).
type Mutex struct {
	Common
	Name string `json:"name" stix:"required"`
}

// NetworkTraffic is traffic from a source to a destination (section 6.12).
type NetworkTraffic struct {
	Common
	Start             Timestamp                 `json:"start,omitzero"`
	End               Timestamp                 `json:"end,omitzero" stix:"from=start"`
	IsActive          bool                      `json:"is_active,omitzero"`
	SrcRef            ID                        `json:"src_ref,omitempty" stix:"ref=ipv4-addr|ipv6-addr|mac-addr|domain-name"`
	DstRef            ID                        `json:"dst_ref,omitempty" stix:"ref=ipv4-addr|ipv6-addr|mac-addr|domain-name"`
	SrcPort           *int                      `json:"src_port,omitempty" stix:"min=0,max=65535"`
	DstPort           *int                      `json:"dst_port,omitempty" stix:"min=0,max=65535"`
	Protocols         []string                  `json:"protocols" stix:"required"`
	SrcByteCount      *int64                    `json:"src_byte_count,omitempty" stix:"min=0"`
	DstByteCount      *int64                    `json:"dst_byte_count,omitempty" stix:"min=0"`
	SrcPackets        *int64                    `json:"src_packets,omitempty" stix:"min=0"`
	DstPackets        *int64                    `json:"dst_packets,omitempty" stix:"min=0"`
	IPFIX             map[string]jsontext.Value `json:"ipfix,omitempty"`
	SrcPayloadRef     ID                        `json:"src_payload_ref,omitempty" stix:"ref=artifact"`
	DstPayloadRef     ID                        `json:"dst_payload_ref,omitempty" stix:"ref=artifact"`
	EncapsulatesRefs  []ID                      `json:"encapsulates_refs,omitempty" stix:"ref=network-traffic"`
	EncapsulatedByRef ID                        `json:"encapsulated_by_ref,omitempty" stix:"ref=network-traffic"`
}

// A Process is an instance of a program in execution (section 6.13).
type Process struct {
	Common
	IsHidden             bool              `json:"is_hidden,omitzero"`
	PID                  *int64            `json:"pid,omitempty"`
	CreatedTime          Timestamp         `json:"created_time,omitzero"`
	Cwd                  string            `json:"cwd,omitempty"`
	CommandLine          string            `json:"command_line,omitempty"`
	EnvironmentVariables map[string]string `json:"environment_variables,omitempty"`
	OpenedConnectionRefs []ID              `json:"opened_connection_refs,omitempty" stix:"ref=network-traffic"`
	CreatorUserRef       ID                `json:"creator_user_ref,omitempty" stix:"ref=user-account"`
	ImageRef             ID                `json:"image_ref,omitempty" stix:"ref=file"`
	ParentRef            ID                `json:"parent_ref,omitempty" stix:"ref=process"`
	ChildRefs            []ID              `json:"child_refs,omitempty" stix:"ref=process"`
}

// Software is a software product, an operating system among them (section
// 6.14).
type Software struct {
	Common
	Name      string   `json:"name" stix:"required"`
	CPE       string   `json:"cpe,omitempty"`
	SWID      string   `json:"swid,omitempty"`
	Languages []string `json:"languages,omitempty"`
	Vendor    string   `json:"vendor,omitempty"`
	Version   string   `json:"version,omitempty"`
}

// A URL is a uniform resource locator (section 6.15).
type URL struct {
	Common
	Value string `json:"value" stix:"required"`
}

// A UserAccount is an account of any kind (section 6.16).
type UserAccount struct {
	Common
	UserID                string    `json:"user_id,omitempty"`
	Credential            string    `json:"credential,omitempty"`
	AccountLogin          string    `json:"account_login,omitempty"`
	AccountType           string    `json:"account_type,omitempty" stix:"open=account-type-ov"`
	DisplayName           string    `json:"display_name,omitempty"`
	IsServiceAccount      bool      `json:"is_service_account,omitzero"`
	IsPrivileged          bool      `json:"is_privileged,omitzero"`
	CanEscalatePrivs      bool      `json:"can_escalate_privs,omitzero"`
	IsDisabled            bool      `json:"is_disabled,omitzero"`
	AccountCreated        Timestamp `json:"account_created,omitzero"`
	AccountExpires        Timestamp `json:"account_expires,omitzero"`
	CredentialLastChanged Timestamp `json:"credential_last_changed,omitzero"`
	AccountFirstLogin     Timestamp `json:"account_first_login,omitzero"`
	AccountLastLogin      Timestamp `json:"account_last_login,omitzero"`
}

// A WindowsRegistryKey is a key of the Windows registry (section 6.17).
type WindowsRegistryKey struct {
	Common
	Key             string                 `json:"key,omitempty"`
	Values          []WindowsRegistryValue `json:"values,omitempty"`
	ModifiedTime    Timestamp              `json:"modified_time,omitzero"`
	CreatorUserRef  ID                     `json:"creator_user_ref,omitempty" stix:"ref=user-account"`
	NumberOfSubkeys *int64                 `json:"number_of_subkeys,omitempty" stix:"min=0"`
}

// A WindowsRegistryValue is a value of a registry key (section 6.17.2).
type WindowsRegistryValue struct {
	Name     string `json:"name,omitempty"`
	Data     string `json:"data,omitempty"`
	DataType string `json:"data_type,omitempty" stix:"enum=windows-registry-datatype-enum"`
}

// An X509Certificate is a certificate of X.509 (section 6.18).
type X509Certificate struct {
	Common
	IsSelfSigned              bool              `json:"is_self_signed,omitzero"`
	Hashes                    Hashes            `json:"hashes,omitempty"`
	Version                   string            `json:"version,omitempty"`
	SerialNumber              string            `json:"serial_number,omitempty"`
	SignatureAlgorithm        string            `json:"signature_algorithm,omitempty"`
	Issuer                    string            `json:"issuer,omitempty"`
	ValidityNotBefore         Timestamp         `json:"validity_not_before,omitzero"`
	ValidityNotAfter          Timestamp         `json:"validity_not_after,omitzero"`
	Subject                   string            `json:"subject,omitempty"`
	SubjectPublicKeyAlgorithm string            `json:"subject_public_key_algorithm,omitempty"`
	SubjectPublicKeyModulus   string            `json:"subject_public_key_modulus,omitempty"`
	SubjectPublicKeyExponent  *int64            `json:"subject_public_key_exponent,omitempty"`
	X509V3Extensions          *X509V3Extensions `json:"x509_v3_extensions,omitempty"`
}

// X509V3Extensions are the extensions of a certificate (section 6.18.2).
type X509V3Extensions struct {
	BasicConstraints               string    `json:"basic_constraints,omitempty"`
	NameConstraints                string    `json:"name_constraints,omitempty"`
	PolicyConstraints              string    `json:"policy_constraints,omitempty"`
	KeyUsage                       string    `json:"key_usage,omitempty"`
	ExtendedKeyUsage               string    `json:"extended_key_usage,omitempty"`
	SubjectKeyIdentifier           string    `json:"subject_key_identifier,omitempty"`
	AuthorityKeyIdentifier         string    `json:"authority_key_identifier,omitempty"`
	SubjectAlternativeName         string    `json:"subject_alternative_name,omitempty"`
	IssuerAlternativeName          string    `json:"issuer_alternative_name,omitempty"`
	SubjectDirectoryAttributes     string    `json:"subject_directory_attributes,omitempty"`
	CRLDistributionPoints          string    `json:"crl_distribution_points,omitempty"`
	InhibitAnyPolicy               string    `json:"inhibit_any_policy,omitempty"`
	PrivateKeyUsagePeriodNotBefore Timestamp `json:"private_key_usage_period_not_before,omitzero"`
	PrivateKeyUsagePeriodNotAfter  Timestamp `json:"private_key_usage_period_not_after,omitzero"`
	CertificatePolicies            string    `json:"certificate_policies,omitempty"`
	PolicyMappings                 string    `json:"policy_mappings,omitempty"`
}
