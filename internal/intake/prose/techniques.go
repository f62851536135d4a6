package prose

import (
	"strings"

	"github.com/tocsin-project/tocsin/internal/attack"
)

// never is the rule of a technique's name that is a word of every report, so
// that it says nothing of the technique.
const never rule = 255

// techniqueRule says how the name of a technique must be written.
func techniqueRule(name string) rule {
	low := strings.ToLower(name)
	switch {
	case commonTechniques[low]:
		return never
	case cautiousTechniques[low]:
		return capital
	case !strings.Contains(name, " ") && strings.ToUpper(name) == name:
		return exact
	}
	return anyCase
}

// commonTechniques are names of techniques that mean something else in most
// sentences.
var commonTechniques = lowered(`Server|Software|Source|Tool|Malware|Hardware|Domains|Credentials|Firmware|Databases|DNS|CDNs|DLL|Python|
	JavaScript|Lua|SSH|VNC|MMC|Proxy|At|Trap|Compression|Exploits|Vulnerabilities|Confluence|Sharepoint|Serverless|Hypervisor|
	Botnet|Scripting|WHOIS|Impersonation|Add-ins|Cron|Multi-Factor Authentication|Artificial Intelligence|Social Media|IP Addresses|
	Email Addresses|Search Engines|Control Panel|Visual Basic|DNS Server|Web Services|Code Repositories|Digital Certificates|Keychain|
	Network Devices|Private Keys|Source Code|Browser Extensions|Password Managers|Screensaver|Virtual Private Server|Cloud Services`)

// cautiousTechniques are names of techniques that are common phrases when they
// are not written as names.
var cautiousTechniques = lowered(`Web Service|Domain Account|Domain Accounts|Local Account|Local Accounts|Cloud Account|Cloud Accounts|
	Default Accounts|Email Account|Email Accounts|Remote Services|System Services|Employee Names|Business Relationships|Chat Messages|
	Network Topology|Wi-Fi Networks|Web Protocols|Mail Protocols|Local Groups|Domain Groups|Cloud Groups|Standard Encoding|
	Messaging Applications|Power Settings|Hidden Users|Cloud API|Container API|System Checks|Client Configurations|Time Providers|
	Startup Items|Login Items|Unix Shell|Windows Service|Container Service|Trusted Relationship|Cloud Storage|Browser Fingerprint|
	Shared Modules|User Execution|Create Account|Malicious File|Malicious Link|Malicious Image|Malicious Library|Acquire Access|Upload Tool|Upload Malware|Web Cookies|
	Accessibility Features|Identify Roles|Security Software|Software Extensions|IDE Extensions|Encrypted Channel|Installer Packages|Social Media Accounts|Cloud Administration Command|Hypervisor CLI|Password Policy Discovery`)

func lowered(list string) map[string]bool {
	m := map[string]bool{}
	for s := range strings.SplitSeq(list, "|") {
		m[strings.ToLower(strings.TrimSpace(s))] = true
	}
	return m
}

// attackIDs calls yield for each id of a technique, group or software in text,
// as it is in ATT&CK today. A point or a hyphen within it may stand at the end
// of a line.
func attackIDs(text string, yield func(s Span, kind Kind, c Candidate)) {
	k := attack.Enterprise()
	for i := 0; i+5 <= len(text); i++ {
		c := text[i]
		if c != 'T' && c != 'G' && c != 'S' || i > 0 && isWordByte[text[i-1]] {
			continue
		}
		id, end := readID(text, i)
		if id == "" {
			continue
		}
		s := Span{i, end}
		switch c {
		case 'T':
			if t, ok := k.Technique(id); ok {
				yield(s, Technique, Candidate{t.ID, k.FullName(t)})
			} else if t, ok := k.Technique(id[:5]); ok && len(id) > 5 {
				yield(Span{i, i + 5}, Technique, Candidate{t.ID, k.FullName(t)})
			}
		case 'G':
			if g, ok := k.Group(id); ok {
				yield(s, Actor, Candidate{g.ID, g.Name})
			}
		case 'S':
			if x, ok := k.Software(id); ok {
				yield(s, Software, Candidate{x.ID, x.Name})
			}
		}
		i = end - 1
	}
}

// readID reads an id at text[i:] and returns where it ends, "" when there is
// none: a letter, four digits, and of a sub-technique three more.
func readID(text string, i int) (id string, end int) {
	buf := [9]byte{text[i]}
	j := i + 1
	for n := 1; n < 5; n++ {
		j = overBreak(text, j)
		if j >= len(text) || text[j] < '0' || text[j] > '9' {
			return "", i
		}
		buf[n] = text[j]
		j++
	}
	end = j
	if text[i] == 'T' {
		if k := overPoint(text, j); k > j && k+3 <= len(text) && allDigits(text[k:k+3]) && (k+3 == len(text) || !isWordByte[text[k+3]]) {
			return string(buf[:5]) + "." + text[k:k+3], k + 3
		}
	}
	if end < len(text) && isWordByte[text[end]] {
		return "", i
	}
	return string(buf[:5]), end
}

// overBreak returns where the line after the one that a hyphen ends at i begins.
func overBreak(text string, i int) int {
	if i+1 < len(text) && text[i] == '-' && (text[i+1] == '\n' || text[i+1] == '\r') {
		for i++; i < len(text) && isBlank(text[i]); i++ {
		}
	}
	return i
}

// overPoint returns what follows the point or slash at i, blanks of a broken
// line aside; i when there is none.
func overPoint(text string, i int) int {
	j := i
	for j < len(text) && j-i < 8 && (text[j] == '\n' || text[j] == '\r') {
		j++
	}
	if j >= len(text) || text[j] != '.' && text[j] != '/' {
		return i
	}
	for j++; j < len(text) && j-i < 40 && isBlank(text[j]); j++ {
		if text[j] == ' ' && text[j-1] == '.' {
			// "T1059. 003" only where the line broke
			if !strings.ContainsRune(text[j:min(len(text), j+40)], '\n') {
				return i
			}
		}
	}
	return j
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
