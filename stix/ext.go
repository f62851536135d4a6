package stix

import "github.com/go-json-experiment/json/jsontext"

// The extensions of observables that STIX itself defines (section 6). They
// stand in the property extensions under the names of the table in types.go;
// Extension reads one, SetExtension writes one.

// An ArchiveExt says what is in an archive file (section 6.7.3).
type ArchiveExt struct {
	ContainsRefs []ID   `json:"contains_refs" stix:"required,ref=file|directory"`
	Comment      string `json:"comment,omitempty"`
}

// An NTFSExt is what NTFS knows of a file (section 6.7.4).
type NTFSExt struct {
	SID                  string                `json:"sid,omitempty"`
	AlternateDataStreams []AlternateDataStream `json:"alternate_data_streams,omitempty"`
}

// An AlternateDataStream is a stream of an NTFS file (section 6.7.4.2).
type AlternateDataStream struct {
	Name   string `json:"name" stix:"required"`
	Hashes Hashes `json:"hashes,omitempty"`
	Size   *int64 `json:"size,omitempty" stix:"min=0"`
}

// A PDFExt is what a PDF says of itself (section 6.7.5).
type PDFExt struct {
	Version          string            `json:"version,omitempty"`
	IsOptimized      bool              `json:"is_optimized,omitzero"`
	DocumentInfoDict map[string]string `json:"document_info_dict,omitempty"`
	PDFID0           string            `json:"pdfid0,omitempty"`
	PDFID1           string            `json:"pdfid1,omitempty"`
}

// A RasterImageExt is what a raster image says of itself (section 6.7.6).
type RasterImageExt struct {
	ImageHeight  *int64                    `json:"image_height,omitempty" stix:"min=0"` // pixels
	ImageWidth   *int64                    `json:"image_width,omitempty" stix:"min=0"`  // pixels
	BitsPerPixel *int64                    `json:"bits_per_pixel,omitempty" stix:"min=0"`
	EXIFTags     map[string]jsontext.Value `json:"exif_tags,omitempty"`
}

// A WindowsPEBinaryExt is what a Windows executable says of itself (section
// 6.7.7).
type WindowsPEBinaryExt struct {
	PEType                  string                   `json:"pe_type" stix:"required,open=windows-pebinary-type-ov"`
	Imphash                 string                   `json:"imphash,omitempty"`
	MachineHex              string                   `json:"machine_hex,omitempty" stix:"hex"`
	NumberOfSections        *int64                   `json:"number_of_sections,omitempty" stix:"min=0"`
	TimeDateStamp           Timestamp                `json:"time_date_stamp,omitzero"`
	PointerToSymbolTableHex string                   `json:"pointer_to_symbol_table_hex,omitempty" stix:"hex"`
	NumberOfSymbols         *int64                   `json:"number_of_symbols,omitempty" stix:"min=0"`
	SizeOfOptionalHeader    *int64                   `json:"size_of_optional_header,omitempty" stix:"min=0"`
	CharacteristicsHex      string                   `json:"characteristics_hex,omitempty" stix:"hex"`
	FileHeaderHashes        Hashes                   `json:"file_header_hashes,omitempty"`
	OptionalHeader          *WindowsPEOptionalHeader `json:"optional_header,omitempty"`
	Sections                []WindowsPESection       `json:"sections,omitempty"`
}

// A WindowsPEOptionalHeader is the optional header of a Windows executable
// (section 6.7.7.2).
type WindowsPEOptionalHeader struct {
	MagicHex                string `json:"magic_hex,omitempty" stix:"hex"`
	MajorLinkerVersion      *int64 `json:"major_linker_version,omitempty"`
	MinorLinkerVersion      *int64 `json:"minor_linker_version,omitempty"`
	SizeOfCode              *int64 `json:"size_of_code,omitempty" stix:"min=0"`
	SizeOfInitializedData   *int64 `json:"size_of_initialized_data,omitempty" stix:"min=0"`
	SizeOfUninitializedData *int64 `json:"size_of_uninitialized_data,omitempty" stix:"min=0"`
	AddressOfEntryPoint     *int64 `json:"address_of_entry_point,omitempty"`
	BaseOfCode              *int64 `json:"base_of_code,omitempty"`
	BaseOfData              *int64 `json:"base_of_data,omitempty"`
	ImageBase               *int64 `json:"image_base,omitempty"`
	SectionAlignment        *int64 `json:"section_alignment,omitempty"`
	FileAlignment           *int64 `json:"file_alignment,omitempty"`
	MajorOSVersion          *int64 `json:"major_os_version,omitempty"`
	MinorOSVersion          *int64 `json:"minor_os_version,omitempty"`
	MajorImageVersion       *int64 `json:"major_image_version,omitempty"`
	MinorImageVersion       *int64 `json:"minor_image_version,omitempty"`
	MajorSubsystemVersion   *int64 `json:"major_subsystem_version,omitempty"`
	MinorSubsystemVersion   *int64 `json:"minor_subsystem_version,omitempty"`
	Win32VersionValueHex    string `json:"win32_version_value_hex,omitempty" stix:"hex"`
	SizeOfImage             *int64 `json:"size_of_image,omitempty" stix:"min=0"`
	SizeOfHeaders           *int64 `json:"size_of_headers,omitempty" stix:"min=0"`
	ChecksumHex             string `json:"checksum_hex,omitempty" stix:"hex"`
	SubsystemHex            string `json:"subsystem_hex,omitempty" stix:"hex"`
	DLLCharacteristicsHex   string `json:"dll_characteristics_hex,omitempty" stix:"hex"`
	SizeOfStackReserve      *int64 `json:"size_of_stack_reserve,omitempty" stix:"min=0"`
	SizeOfStackCommit       *int64 `json:"size_of_stack_commit,omitempty" stix:"min=0"`
	SizeOfHeapReserve       *int64 `json:"size_of_heap_reserve,omitempty"`
	SizeOfHeapCommit        *int64 `json:"size_of_heap_commit,omitempty"`
	LoaderFlagsHex          string `json:"loader_flags_hex,omitempty" stix:"hex"`
	NumberOfRVAAndSizes     *int64 `json:"number_of_rva_and_sizes,omitempty"`
	Hashes                  Hashes `json:"hashes,omitempty"`
}

// A WindowsPESection is a section of a Windows executable (section 6.7.7.3).
type WindowsPESection struct {
	Name    string   `json:"name" stix:"required"`
	Size    *int64   `json:"size,omitempty" stix:"min=0"`
	Entropy *float64 `json:"entropy,omitempty"`
	Hashes  Hashes   `json:"hashes,omitempty"`
}

// An HTTPRequestExt is the HTTP request in network traffic (section 6.12.3).
type HTTPRequestExt struct {
	RequestMethod      string              `json:"request_method" stix:"required"`
	RequestValue       string              `json:"request_value" stix:"required"`
	RequestVersion     string              `json:"request_version,omitempty"`
	RequestHeader      map[string][]string `json:"request_header,omitempty"`
	MessageBodyLength  *int64              `json:"message_body_length,omitempty"`
	MessageBodyDataRef ID                  `json:"message_body_data_ref,omitempty" stix:"ref=artifact"`
}

// An ICMPExt is the ICMP in network traffic (section 6.12.4).
type ICMPExt struct {
	ICMPTypeHex string `json:"icmp_type_hex" stix:"required,hex"`
	ICMPCodeHex string `json:"icmp_code_hex" stix:"required,hex"`
}

// A SocketExt is the socket of network traffic (section 6.12.5).
type SocketExt struct {
	AddressFamily    string           `json:"address_family" stix:"required,enum=network-socket-address-family-enum"`
	IsBlocking       bool             `json:"is_blocking,omitzero"`
	IsListening      bool             `json:"is_listening,omitzero"`
	Options          map[string]int64 `json:"options,omitempty"`
	SocketType       string           `json:"socket_type,omitempty" stix:"enum=network-socket-type-enum"`
	SocketDescriptor *int64           `json:"socket_descriptor,omitempty" stix:"min=0"`
	SocketHandle     *int64           `json:"socket_handle,omitempty"`
}

// A TCPExt is the TCP flags of network traffic (section 6.12.6).
type TCPExt struct {
	SrcFlagsHex string `json:"src_flags_hex,omitempty" stix:"hex"`
	DstFlagsHex string `json:"dst_flags_hex,omitempty" stix:"hex"`
}

// A WindowsProcessExt is what Windows knows of a process (section 6.13.2).
type WindowsProcessExt struct {
	ASLREnabled    bool              `json:"aslr_enabled,omitzero"`
	DEPEnabled     bool              `json:"dep_enabled,omitzero"`
	Priority       string            `json:"priority,omitempty"`
	OwnerSID       string            `json:"owner_sid,omitempty"`
	WindowTitle    string            `json:"window_title,omitempty"`
	StartupInfo    map[string]string `json:"startup_info,omitempty"`
	IntegrityLevel string            `json:"integrity_level,omitempty" stix:"enum=windows-integrity-level-enum"`
}

// A WindowsServiceExt is what Windows knows of a service (section 6.13.3).
type WindowsServiceExt struct {
	ServiceName    string   `json:"service_name,omitempty"`
	Descriptions   []string `json:"descriptions,omitempty"`
	DisplayName    string   `json:"display_name,omitempty"`
	GroupName      string   `json:"group_name,omitempty"`
	StartType      string   `json:"start_type,omitempty" stix:"enum=windows-service-start-type-enum"`
	ServiceDLLRefs []ID     `json:"service_dll_refs,omitempty" stix:"ref=file"`
	ServiceType    string   `json:"service_type,omitempty" stix:"enum=windows-service-type-enum"`
	ServiceStatus  string   `json:"service_status,omitempty" stix:"enum=windows-service-status-enum"`
}

// A UnixAccountExt is what Unix knows of an account (section 6.16.2).
type UnixAccountExt struct {
	GID     *int64   `json:"gid,omitempty"`
	Groups  []string `json:"groups,omitempty"`
	HomeDir string   `json:"home_dir,omitempty"`
	Shell   string   `json:"shell,omitempty"`
}
