package stix

import "strings"

// vocabularies are the words of the open vocabularies (-ov), which SHOULD be
// used, and of the enumerations (-enum), which MUST be (section 10).
var vocabularies = func() map[string]map[string]bool {
	m := map[string]map[string]bool{}
	for name, words := range map[string]string{
		"account-type-ov": `
			unix windows-local windows-domain ldap tacacs radius nis openid facebook skype twitter kavi`,
		"attack-motivation-ov": `
			accidental coercion dominance ideology notoriety organizational-gain personal-gain
			personal-satisfaction revenge unpredictable`,
		"attack-resource-level-ov": `
			individual club contest team organization government`,
		"grouping-context-ov": `
			suspicious-activity malware-analysis unspecified`,
		"hash-algorithm-ov": `
			MD5 SHA-1 SHA-256 SHA-512 SHA3-256 SHA3-512 SSDEEP TLSH`,
		"identity-class-ov": `
			individual group system organization class unknown`,
		"implementation-language-ov": `
			applescript bash c c++ c# go java javascript lua objective-c perl php powershell python ruby scala
			swift typescript visual-basic x86-32 x86-64`,
		"indicator-type-ov": `
			anomalous-activity anonymization benign compromised malicious-activity attribution unknown`,
		"industry-sector-ov": `
			agriculture aerospace automotive chemical commercial communications construction defense education
			energy entertainment financial-services government emergency-services government-local
			government-national government-public-services government-regional healthcare hospitality-leisure
			infrastructure dams nuclear water insurance manufacturing mining non-profit pharmaceuticals retail
			technology telecommunications transportation utilities`,
		"infrastructure-type-ov": `
			amplification anonymization botnet command-and-control control-system exfiltration firewall
			hosting-malware hosting-target-lists phishing reconnaissance routers-switches staging workstation
			unknown`,
		"malware-capabilities-ov": `
			accesses-remote-machines anti-debugging anti-disassembly anti-emulation anti-memory-forensics
			anti-sandbox anti-vm captures-input-peripherals captures-output-peripherals
			captures-system-state-data cleans-traces-of-infection commits-fraud communicates-with-c2
			compromises-data-availability compromises-data-integrity compromises-system-availability
			controls-local-machine degrades-security-software degrades-system-updates determines-c2-server
			emails-spam escalates-privileges evades-av exfiltrates-data fingerprints-host hides-artifacts
			hides-executing-code infects-files infects-remote-machines installs-other-components
			persists-after-system-reboot prevents-artifact-access prevents-artifact-deletion
			probes-network-environment self-modifies steals-authentication-credentials
			violates-system-operational-integrity`,
		"malware-result-ov": `
			malicious suspicious benign unknown`,
		"malware-type-ov": `
			adware backdoor bot bootkit ddos downloader dropper exploit-kit keylogger ransomware
			remote-access-trojan resource-exploitation rogue-security-software rootkit screen-capture spyware
			trojan unknown virus webshell wiper worm`,
		"pattern-type-ov": `
			stix pcre sigma snort suricata yara`,
		"processor-architecture-ov": `
			alpha arm ia-64 mips powerpc sparc x86 x86-64`,
		"region-ov": `
			africa eastern-africa middle-africa northern-africa southern-africa western-africa americas
			latin-america-caribbean south-america caribbean central-america northern-america asia central-asia
			eastern-asia southern-asia south-eastern-asia western-asia europe eastern-europe northern-europe
			southern-europe western-europe oceania australia-new-zealand melanesia micronesia polynesia
			antarctica`,
		"report-type-ov": `
			threat-report attack-pattern campaign identity indicator intrusion-set malware observed-data
			threat-actor tool vulnerability`,
		"threat-actor-role-ov": `
			agent director independent infrastructure-architect infrastructure-operator malware-author sponsor`,
		"threat-actor-sophistication-ov": `
			none minimal intermediate advanced expert innovator strategic`,
		"threat-actor-type-ov": `
			activist competitor crime-syndicate criminal hacker insider-accidental insider-disgruntled
			nation-state sensationalist spy terrorist unknown`,
		"tool-type-ov": `
			denial-of-service exploitation information-gathering network-capture credential-exploitation
			remote-access vulnerability-scanning unknown`,
		"windows-pebinary-type-ov": `
			exe dll sys`,
		"encryption-algorithm-enum": `
			AES-256-GCM ChaCha20-Poly1305 mime-type-indicated`,
		"extension-type-enum": `
			new-sdo new-sco new-sro property-extension toplevel-property-extension`,
		"network-socket-address-family-enum": `
			AF_UNSPEC AF_INET AF_IPX AF_APPLETALK AF_NETBIOS AF_INET6 AF_IRDA AF_BTH`,
		"network-socket-type-enum": `
			SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET`,
		"opinion-enum": `
			strongly-disagree disagree neutral agree strongly-agree`,
		"tlp-2.0-enum": `
			clear green amber amber+strict red`,
		"windows-integrity-level-enum": `
			low medium high system`,
		"windows-registry-datatype-enum": `
			REG_NONE REG_SZ REG_EXPAND_SZ REG_BINARY REG_DWORD REG_DWORD_BIG_ENDIAN REG_DWORD_LITTLE_ENDIAN
			REG_LINK REG_MULTI_SZ REG_RESOURCE_LIST REG_FULL_RESOURCE_DESCRIPTION REG_RESOURCE_REQUIREMENTS_LIST
			REG_QWORD REG_INVALID_TYPE`,
		"windows-service-start-type-enum": `
			SERVICE_AUTO_START SERVICE_BOOT_START SERVICE_DEMAND_START SERVICE_DISABLED SERVICE_SYSTEM_ALERT`,
		"windows-service-status-enum": `
			SERVICE_CONTINUE_PENDING SERVICE_PAUSE_PENDING SERVICE_PAUSED SERVICE_RUNNING SERVICE_START_PENDING
			SERVICE_STOP_PENDING SERVICE_STOPPED`,
		"windows-service-type-enum": `
			SERVICE_KERNEL_DRIVER SERVICE_FILE_SYSTEM_DRIVER SERVICE_WIN32_OWN_PROCESS
			SERVICE_WIN32_SHARE_PROCESS`,
	} {
		m[name] = map[string]bool{}
		for _, w := range strings.Fields(words) {
			m[name][w] = true
		}
	}
	return m
}()

// relationshipTable has, of each type that a relationship may come from, the
// standard types of relationship and what each may lead to (the tables of
// sections 4 and 6, appendix B). derived-from, duplicate-of and related-to are
// for all (section 3.7).
const relationshipTable = `
attack-pattern delivers malware
attack-pattern targets location vulnerability identity
attack-pattern uses malware tool
campaign attributed-to intrusion-set threat-actor
campaign compromises infrastructure
campaign originates-from location
campaign targets location identity vulnerability
campaign uses attack-pattern infrastructure malware tool
course-of-action investigates indicator
course-of-action mitigates attack-pattern indicator malware tool vulnerability
course-of-action remediates malware vulnerability
domain-name resolves-to domain-name ipv4-addr ipv6-addr
identity located-at location
indicator indicates attack-pattern campaign infrastructure intrusion-set malware threat-actor tool
indicator based-on observed-data
infrastructure communicates-with infrastructure ipv4-addr ipv6-addr domain-name url
infrastructure consists-of infrastructure observed-data artifact autonomous-system directory domain-name email-addr email-message file ipv4-addr ipv6-addr mac-addr mutex network-traffic process software url user-account windows-registry-key x509-certificate
infrastructure controls infrastructure malware
infrastructure delivers malware
infrastructure has vulnerability
infrastructure hosts tool malware
infrastructure located-at location
infrastructure uses infrastructure
intrusion-set attributed-to threat-actor
intrusion-set compromises infrastructure
intrusion-set hosts infrastructure
intrusion-set originates-from location
intrusion-set owns infrastructure
intrusion-set targets identity location vulnerability
intrusion-set uses attack-pattern infrastructure malware tool
ipv4-addr resolves-to mac-addr
ipv4-addr belongs-to autonomous-system
ipv6-addr resolves-to mac-addr
ipv6-addr belongs-to autonomous-system
malware authored-by threat-actor intrusion-set
malware beacons-to infrastructure
malware exfiltrates-to infrastructure
malware communicates-with ipv4-addr ipv6-addr domain-name url
malware controls malware
malware downloads malware file tool
malware drops malware file tool
malware exploits vulnerability
malware originates-from location
malware targets identity infrastructure location
malware uses attack-pattern infrastructure malware tool
malware variant-of malware
malware-analysis characterizes malware
malware-analysis analysis-of malware
malware-analysis static-analysis-of malware
malware-analysis dynamic-analysis-of malware
threat-actor attributed-to identity
threat-actor compromises infrastructure
threat-actor hosts infrastructure
threat-actor owns infrastructure
threat-actor impersonates identity
threat-actor located-at location
threat-actor targets identity location vulnerability
threat-actor uses attack-pattern infrastructure malware tool
tool delivers malware
tool drops malware
tool uses infrastructure
tool has vulnerability
tool targets identity infrastructure location vulnerability
vulnerability impacts infrastructure tools
`

// relationships maps source type, relationship type and target type, with a
// space between them, to true.
var relationships = func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(relationshipTable) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		for _, target := range f[2:] {
			m[f[0]+" "+f[1]+" "+target] = true
		}
	}
	return m
}()
