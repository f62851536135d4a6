package intel

// A shown is one row of the table of what an event shows as STIX observables:
// the field gives the property at path of an object of type typ. Rows of one
// type and name are about one and the same object; of two rows of one property
// the first that gives a value counts. A path with [*] is a list, of which the
// field's values are the elements. typ "ip-addr" stands for ipv4-addr or
// ipv6-addr, as the value is.
type shown struct {
	typ, name, path string
	field           string
	form            form
	with            string // a field that the event has as well, or the row says nothing
}

// A form is how a property is taken out of a field. A value that is empty or -
// shows nothing.
type form uint8

const (
	asIs      form = iota
	base           // what stands behind the last / or \ of a path
	dir            // what stands in front of it
	number         // a whole number, in decimal or behind 0x
	address        // an IP address, without ::ffff: in front of IPv4
	lowerCase      // letters of ASCII
	account        // what stands behind the \ of DOMAIN\name
	key            // a registry key, its hive spelt out
	keyDir         // the key of a registry value
	md5            // out of NAME=digest,NAME=digest, in lower case
	sha1
	sha256
	link  // a URL: of the field, or of that behind the host
	host  // a name without a port
	parts // those between semicolons, without ::ffff: in front of IPv4
	v4    // an address if it is of IPv4
	v6    // an address if it is of IPv6
)

// The objects that fields of several kinds of logs are about.
const (
	imageHashes  = "CommandLine"    // Hashes are those of Image in records that have it,
	targetHashes = "TargetFilename" // of the file in those that have it,
	loadedHashes = "ImageLoaded"    // of the module in those that have it.

	request = "extensions.'http-request-ext'."
)

// shownAs says what events show. Fields are called as SigmaHQ's rules call them,
// under which the logs of many products answer (docs/formats.md).
var shownAs = []shown{
	// The process that started, or that did something.
	{"process", "", "command_line", "CommandLine", asIs, ""},
	{"process", "", "command_line", "ProcessCommandLine", asIs, ""},
	{"process", "", "cwd", "CurrentDirectory", asIs, ""},
	{"process", "", "pid", "NewProcessId", number, ""},
	{"process", "", "pid", "SourceProcessId", number, ""},
	{"process", "", "pid", "ProcessId", number, ""},
	{"process", "", "pid", "pid", number, ""},
	{"process", "", "image_ref.name", "Image", base, ""},
	{"process", "", "image_ref.name", "SourceImage", base, ""},
	{"process", "", "image_ref.name", "ProcessName", base, ""},
	{"process", "", "image_ref.parent_directory_ref.path", "Image", dir, ""},
	{"process", "", "image_ref.parent_directory_ref.path", "SourceImage", dir, ""},
	{"process", "", "image_ref.parent_directory_ref.path", "ProcessName", dir, ""},
	{"process", "", "image_ref.hashes.MD5", "Hashes", md5, imageHashes},
	{"process", "", "image_ref.hashes.'SHA-1'", "Hashes", sha1, imageHashes},
	{"process", "", "image_ref.hashes.'SHA-256'", "Hashes", sha256, imageHashes},
	{"process", "", "parent_ref.pid", "ParentProcessId", number, ""},
	{"process", "", "parent_ref.command_line", "ParentCommandLine", asIs, ""},
	{"process", "", "parent_ref.image_ref.name", "ParentImage", base, ""},
	{"process", "", "parent_ref.image_ref.parent_directory_ref.path", "ParentImage", dir, ""},
	{"process", "", "creator_user_ref.user_id", "SubjectUserSid", asIs, ""},
	{"process", "", "creator_user_ref.user_id", "User", asIs, ""},
	{"process", "", "creator_user_ref.account_login", "User", account, ""},
	{"process", "", "creator_user_ref.account_login", "SubjectUserName", asIs, ""},
	// The process that something was done to.
	{"process", "target", "pid", "TargetProcessId", number, ""},
	{"process", "target", "image_ref.name", "TargetImage", base, ""},
	{"process", "target", "image_ref.parent_directory_ref.path", "TargetImage", dir, ""},

	// Files: the image of the process, a module that it loaded, what it wrote or
	// removed, what went over the network.
	{"file", "image", "name", "Image", base, ""},
	{"file", "image", "parent_directory_ref.path", "Image", dir, ""},
	{"file", "image", "hashes.MD5", "Hashes", md5, imageHashes},
	{"file", "image", "hashes.'SHA-1'", "Hashes", sha1, imageHashes},
	{"file", "image", "hashes.'SHA-256'", "Hashes", sha256, imageHashes},
	{"file", "loaded", "name", "ImageLoaded", base, ""},
	{"file", "loaded", "parent_directory_ref.path", "ImageLoaded", dir, ""},
	{"file", "loaded", "hashes.MD5", "Hashes", md5, loadedHashes},
	{"file", "loaded", "hashes.'SHA-1'", "Hashes", sha1, loadedHashes},
	{"file", "loaded", "hashes.'SHA-256'", "Hashes", sha256, loadedHashes},
	{"file", "", "name", "TargetFilename", base, ""},
	{"file", "", "parent_directory_ref.path", "TargetFilename", dir, ""},
	{"file", "", "hashes.MD5", "Hashes", md5, targetHashes},
	{"file", "", "hashes.'SHA-1'", "Hashes", sha1, targetHashes},
	{"file", "", "hashes.'SHA-256'", "Hashes", sha256, targetHashes},
	{"file", "transferred", "name", "filename", base, ""},
	{"file", "transferred", "name", "fileinfo.filename", base, ""},
	{"file", "transferred", "mime_type", "mime_type", asIs, ""},
	{"file", "transferred", "size", "total_bytes", number, ""},
	{"file", "transferred", "size", "fileinfo.size", number, ""},
	{"file", "transferred", "hashes.MD5", "md5", lowerCase, ""},
	{"file", "transferred", "hashes.MD5", "fileinfo.md5", lowerCase, ""},
	{"file", "transferred", "hashes.'SHA-1'", "sha1", lowerCase, ""},
	{"file", "transferred", "hashes.'SHA-1'", "fileinfo.sha1", lowerCase, ""},
	{"file", "transferred", "hashes.'SHA-256'", "sha256", lowerCase, ""},
	{"file", "transferred", "hashes.'SHA-256'", "fileinfo.sha256", lowerCase, ""},
	{"directory", "", "path", "TargetFilename", dir, ""},
	{"directory", "image", "path", "Image", dir, ""},
	{"directory", "cwd", "path", "CurrentDirectory", asIs, ""},

	// A connection, a flow, a request.
	{"network-traffic", "", "src_ref.value", "SourceIp", address, ""},
	{"network-traffic", "", "src_ref.value", "src_ip", address, ""},
	{"network-traffic", "", "src_ref.value", "SourceAddress", address, ""},
	{"network-traffic", "", "src_ref.value", "src-ip", address, ""},
	{"network-traffic", "", "src_ref.value", "id.orig_h", address, ""},
	{"network-traffic", "", "src_ref.value", "IpAddress", address, ""},
	{"network-traffic", "", "dst_ref.value", "DestinationIp", address, ""},
	{"network-traffic", "", "dst_ref.value", "dst_ip", address, ""},
	{"network-traffic", "", "dst_ref.value", "DestAddress", address, ""},
	{"network-traffic", "", "dst_ref.value", "dst-ip", address, ""},
	{"network-traffic", "", "dst_ref.value", "id.resp_h", address, ""},
	{"network-traffic", "", "src_port", "SourcePort", number, ""},
	{"network-traffic", "", "src_port", "src_port", number, ""},
	{"network-traffic", "", "src_port", "src-port", number, ""},
	{"network-traffic", "", "src_port", "id.orig_p", number, ""},
	{"network-traffic", "", "src_port", "IpPort", number, ""},
	{"network-traffic", "", "dst_port", "DestinationPort", number, ""},
	{"network-traffic", "", "dst_port", "dst_port", number, ""},
	{"network-traffic", "", "dst_port", "DestPort", number, ""},
	{"network-traffic", "", "dst_port", "dst-port", number, ""},
	{"network-traffic", "", "dst_port", "id.resp_p", number, ""},
	{"network-traffic", "", "dst_port", "s-port", number, ""},
	{"network-traffic", "", "protocols[*]", "Protocol", lowerCase, ""},
	{"network-traffic", "", "protocols[*]", "proto", lowerCase, ""},
	{"network-traffic", "", "src_byte_count", "orig_bytes", number, ""},
	{"network-traffic", "", "src_byte_count", "flow.bytes_toserver", number, ""},
	{"network-traffic", "", "dst_byte_count", "resp_bytes", number, ""},
	{"network-traffic", "", "dst_byte_count", "flow.bytes_toclient", number, ""},
	{"network-traffic", "", "src_packets", "orig_pkts", number, ""},
	{"network-traffic", "", "dst_packets", "resp_pkts", number, ""},
	{"network-traffic", "", request + "request_method", "cs-method", asIs, ""},
	{"network-traffic", "", request + "request_value", "c-uri", asIs, ""},
	{"network-traffic", "", request + "request_value", "cs-uri-stem", asIs, ""},
	{"network-traffic", "", request + "request_header.'User-Agent'", "cs-user-agent", asIs, ""},
	{"network-traffic", "", request + "request_header.Host", "cs-host", asIs, ""},
	{"network-traffic", "", request + "request_header.Referer", "cs-referer", asIs, ""},

	{"ip-addr", "source", "value", "SourceIp", address, ""},
	{"ip-addr", "source", "value", "src_ip", address, ""},
	{"ip-addr", "source", "value", "SourceAddress", address, ""},
	{"ip-addr", "source", "value", "src-ip", address, ""},
	{"ip-addr", "source", "value", "id.orig_h", address, ""},
	{"ip-addr", "source", "value", "IpAddress", address, ""},
	{"ip-addr", "destination", "value", "DestinationIp", address, ""},
	{"ip-addr", "destination", "value", "dst_ip", address, ""},
	{"ip-addr", "destination", "value", "DestAddress", address, ""},
	{"ip-addr", "destination", "value", "dst-ip", address, ""},
	{"ip-addr", "destination", "value", "id.resp_h", address, ""},
	{"mac-addr", "source", "value", "orig_l2_addr", lowerCase, ""},
	{"mac-addr", "destination", "value", "resp_l2_addr", lowerCase, ""},
	{"mac-addr", "", "value", "mac", lowerCase, ""},

	{"url", "", "value", "c-uri", link, ""},
	{"url", "", "value", "cs-uri-stem", link, ""},
	{"domain-name", "", "value", "query", lowerCase, ""},
	{"domain-name", "", "value", "QueryName", lowerCase, ""},
	{"domain-name", "", "resolves_to_refs[*].value", "answer", parts, ""},
	{"domain-name", "", "resolves_to_refs[*].value", "QueryResults", parts, ""},
	{"domain-name", "host", "value", "cs-host", host, ""},
	{"domain-name", "destination", "value", "DestinationHostname", host, ""},
	{"domain-name", "server", "value", "server_name", host, ""},
	{"domain-name", "server", "value", "tls.sni", host, ""},

	// The registry. A record about a value names it behind the key.
	{"windows-registry-key", "", "key", "TargetObject", keyDir, "Details"},
	{"windows-registry-key", "", "key", "TargetObject", key, ""},
	{"windows-registry-key", "", "key", "ObjectName", key, "ObjectValueName"},
	{"windows-registry-key", "", "values[*].name", "TargetObject", base, "Details"},
	{"windows-registry-key", "", "values[*].name", "ObjectValueName", asIs, ""},
	{"windows-registry-key", "", "values[*].data", "Details", asIs, ""},
	{"windows-registry-key", "", "values[*].data", "NewValue", asIs, "ObjectValueName"},

	// Accounts: who acted, and upon whom.
	{"user-account", "", "user_id", "SubjectUserSid", asIs, ""},
	{"user-account", "", "user_id", "User", asIs, ""},
	{"user-account", "", "account_login", "SubjectUserName", asIs, ""},
	{"user-account", "", "account_login", "User", account, ""},
	{"user-account", "", "account_login", "cs-username", account, ""},
	{"user-account", "target", "user_id", "TargetUserSid", asIs, ""},
	{"user-account", "target", "user_id", "TargetSid", asIs, ""},
	{"user-account", "target", "account_login", "TargetUserName", asIs, ""},

	{"email-message", "", "from_ref.value", "sender-address", lowerCase, ""},
	{"email-message", "", "from_ref.value", "mailfrom", lowerCase, ""},
	{"email-message", "", "to_refs[*].value", "recipient-address", parts, ""},
	{"email-message", "", "to_refs[*].value", "rcptto", parts, ""},
	{"email-message", "", "subject", "message-subject", asIs, ""},
	{"email-message", "", "subject", "subject", asIs, "mailfrom"},
	{"email-addr", "sender", "value", "sender-address", lowerCase, ""},
	{"email-addr", "sender", "value", "mailfrom", lowerCase, ""},

	{"software", "", "name", "Product", asIs, ""},
	{"software", "", "vendor", "Company", asIs, ""},
	{"software", "", "version", "FileVersion", asIs, ""},

	{"x509-certificate", "", "serial_number", "certificate.serial", asIs, ""},
	{"x509-certificate", "", "serial_number", "tls.serial", asIs, ""},
	{"x509-certificate", "", "subject", "certificate.subject", asIs, ""},
	{"x509-certificate", "", "subject", "tls.subject", asIs, ""},
	{"x509-certificate", "", "issuer", "certificate.issuer", asIs, ""},
	{"x509-certificate", "", "issuer", "tls.issuerdn", asIs, ""},
}
