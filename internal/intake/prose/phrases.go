package prose

import (
	"strings"

	"github.com/tocsin-project/tocsin/internal/attack"
)

// phrases are what reports call techniques in other words than ATT&CK's name.
// They are chosen to mean the technique in most sentences; what only may mean
// it is not here.
const phrases = `T1003: credential dumping, dump credentials, dumped credentials, dumping credentials
T1003.001: lsass, lsass dump, dump lsass, lsass process memory
T1005: steal files, steals files, steal documents
T1016: network configuration information
T1021.001: rdp session, rdp connection, via rdp, over rdp, using rdp, rdp access
T1021.002: smb share, admin share, administrative share
T1027: obfuscated code, obfuscated script, obfuscated payload, obfuscated string, heavily obfuscated, code obfuscation, string obfuscation, base64 encoded
T1027.002: packed with, upx packed, custom packer, packed executable
T1033: whoami
T1047: wmi, wmic
T1053.005: schedule task, scheduling task, task scheduler
T1055: process injection, code injection, injects itself into, injected into, injecting code, inject code, injects code
T1055.001: dll injection, reflective dll injection, reflectively load
T1055.002: pe injection
T1055.004: apc injection, queueuserapc
T1055.012: process hollowing, runpe
T1056.001: keylogger, log keystrokes, logs keystrokes, record keystrokes, capture keystrokes, captures keystrokes, keystroke logging
T1057: running processes, list of processes, enumerate processes, enumerates processes
T1059.003: command prompt, cmd shell, command shell, batch script, batch file
T1059.005: vbscript, vba macro, visual basic script
T1070.001: clear event logs, cleared event logs, clears event logs
T1070.004: deletes itself, delete itself, self delete, self deletion, self-destruct
T1070.006: timestomping
T1078: stolen credentials, compromised credentials, compromised accounts, legitimate credentials, valid credentials
T1082: system information, gathers information about the system
T1083: enumerate files, enumerates files, directory listing
T1090: socks proxy, socks5 proxy, reverse proxy
T1090.003: tor network, onion routing
T1095: raw tcp, tcp socket
T1105: download additional payloads, downloads additional payloads, download additional malware, downloads additional malware, download and execute, downloads and executes, second stage payload, next stage payload, additional payloads
T1106: windows api, win32 api, api calls
T1110: brute forced, brute forcing, bruteforce, brute force attack
T1110.003: password spray
T1113: take screenshots, takes screenshots, taking screenshots, capture screenshots, captures screenshots, capturing screenshots
T1134: token impersonation, token theft
T1136: create new user, creates a new user, created accounts
T1140: deobfuscate, deobfuscated, deobfuscates, decrypts the payload, decodes the payload, decrypt the payload, decrypts and executes, decoded and executed
T1189: watering hole, drive by download
T1190: public facing application, internet facing application, internet facing server, internet facing system
T1195: supply chain attack, supply chain compromise
T1204.002: enable macros, enable content, opens the attachment, open the attachment, opened the attachment
T1210: lateral movement exploit, eternalblue
T1218.010: regsvr32
T1218.011: rundll32
T1219: anydesk, teamviewer, remote monitoring and management, remote access software
T1486: encrypts files, encrypt files, encrypted files, encrypting files, file encryption, encrypts the files
T1489: stop services, stops services, terminate services, terminates services
T1490: shadow copies, shadow copy, vssadmin
T1497: anti vm, anti sandbox, sandbox evasion, virtual machine detection
T1498: ddos attack, distributed denial of service attack
T1505.003: webshell
T1518.001: installed antivirus, antivirus product, security product
T1543.003: install service, installs itself as a service, created service, creates a service, create a service, new service
T1547.001: run key, run registry key, registry run key, startup folder, autorun
T1548.002: uac bypass, bypass uac, bypasses uac, bypass user account control
T1560: archive data, rar archive
T1562.001: disable windows defender, disables windows defender, disable antivirus, disable security software, disables security software, disable security tools, disable defender, tamper protection
T1566: phishing email, phishing campaign, phishing attack
T1566.001: malicious attachment, spear phishing attachment, malspam, spearphishing email, spear phishing email, malicious email attachment
T1566.002: phishing link, spear phishing link
T1567.002: exfiltration to cloud, exfiltrated to cloud
T1569.002: remote service execution
T1570: copied laterally
T1571: non standard port
T1573.001: aes encrypted communication, rc4 encrypted communication
T1574.001: side load, side loads, side loading, sideload, sideloads, sideloading, sideloaded, side loaded, dll hijacking, dll search order hijacking`

// addPhrases adds the phrases, as terms that say that they are.
func (l *lexicon) addPhrases() {
	k := attack.Enterprise()
	for row := range strings.Lines(phrases) {
		id, list, _ := strings.Cut(strings.TrimSpace(row), ": ")
		t, ok := k.Technique(id)
		if !ok {
			continue
		}
		for phrase := range strings.SplitSeq(list, ", ") {
			l.add(term{kind: Technique, text: phrase, value: "phrase", cand: Candidate{t.ID, k.FullName(t)}})
		}
	}
}
