package observable

import (
	"strings"
	"unicode"
)

// fileName normalises one name: lower case, since most that are hunted are of
// systems that do not tell case.
func fileName(s string) (string, error) {
	s = strings.ToLower(s)
	if len(s) > 255 || s == "." || s == ".." || strings.ContainsAny(s, `/\<>:"|?*`) {
		return "", errFileName
	}
	return s, nil
}

// filePath normalises a path of Windows or POSIX, whichever its separators are
// of.
func filePath(s string) (string, error) {
	if isWindowsPath(s) || strings.Contains(s, `\`) {
		return windowsPath(s)
	}
	if !strings.Contains(s, "/") {
		return "", errPath
	}
	root := s[:1] == "/"
	if s = trimEnd(squeeze(s, '/'), '/'); s == "" && root {
		return "/", nil
	}
	if !strings.Contains(s, "/") {
		return "", errPath
	}
	return s, nil
}

// isWindowsPath reports whether s begins with a drive, a share, or a variable
// of the environment and a separator.
func isWindowsPath(s string) bool {
	switch {
	case len(s) >= 3 && s[1] == ':' && (s[2] == '\\' || s[2] == '/'):
		return 'a' <= s[0]|0x20 && s[0]|0x20 <= 'z'
	case strings.HasPrefix(s, `\\`):
		return true
	case strings.HasPrefix(s, "%"):
		i := strings.IndexByte(s[1:], '%') + 1
		return i > 1 && i+1 < len(s) && s[i+1] == '\\'
	}
	return false
}

// windowsPath normalises to lower case and single backslashes; the prefix \\?\,
// which lifts the limit of length, is dropped.
func windowsPath(s string) (string, error) {
	s = strings.ToLower(strings.ReplaceAll(s, "/", `\`))
	share := strings.HasPrefix(s, `\\`)
	s = squeeze(s, '\\')
	for share && strings.HasPrefix(s, `\?\`) {
		if rest, ok := strings.CutPrefix(s, `\?\unc`); ok && strings.HasPrefix(rest, `\`) {
			s = rest
			continue
		}
		s, share = s[3:], false
	}
	s = trimEnd(s, '\\')
	if len(s) == 2 && s[1] == ':' {
		s += `\`
	}
	if share {
		s = `\` + s
	}
	if strings.ContainsAny(s, `<>"|`) || !strings.Contains(s, `\`) || strings.Trim(s, `\`) == "" {
		return "", errPath
	}
	return s, nil
}

// trimEnd cuts separators and blanks from the end of s.
func trimEnd(s string, separator rune) string {
	return strings.TrimRightFunc(s, func(r rune) bool { return r == separator || unicode.IsSpace(r) })
}

// squeeze makes one of each run of c.
func squeeze(s string, c byte) string {
	double := string([]byte{c, c})
	if !strings.Contains(s, double) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] != c || len(out) == 0 || out[len(out)-1] != c {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// hives are the roots of the registry by their short and long names.
var hives = map[string]string{
	"hklm": "hkey_local_machine", "hkcu": "hkey_current_user", "hkcr": "hkey_classes_root",
	"hku": "hkey_users", "hkcc": "hkey_current_config", "hkpd": "hkey_performance_data",
	"hkey_local_machine": "hkey_local_machine", "hkey_current_user": "hkey_current_user",
	"hkey_classes_root": "hkey_classes_root", "hkey_users": "hkey_users",
	"hkey_current_config": "hkey_current_config", "hkey_performance_data": "hkey_performance_data",
}

// regKey normalises a key under a hive. PowerShell's colon behind the hive and
// the word Computer before it are dropped.
func regKey(s string) (string, error) {
	s = squeeze(strings.ToLower(s), '\\')
	s = strings.TrimPrefix(s, `computer\`)
	root, key, _ := strings.Cut(s, `\`)
	hive, ok := hives[strings.TrimSuffix(root, ":")]
	key = trimEnd(key, '\\')
	if !ok || key == "" {
		return "", errRegKey
	}
	return hive + `\` + key, nil
}

// extension returns what stands behind the last dot of s, in lower case, "" if
// there is none.
func extension(s string) string {
	i := strings.LastIndexByte(s, '.')
	if i <= 0 {
		return ""
	}
	return asciiLower(s[i+1:])
}

// extensions are the endings by which a file name is known.
var extensions = wordSet(`
	exe dll sys ocx scr cpl drv efi mui nls pdb bat cmd ps1 psm1 psd1 vbs vbe js jse wsf wsh hta lnk msi msp mst inf
	reg chm iso img vhd vhdx vmdk zip rar 7z gz tgz tar bz2 xz cab jar war class doc docx docm dot dotm xls xlsx xlsm
	xlsb xll xlam ppt pptx pptm pps ppsx pdf rtf odt ods one txt log csv tsv xml json jsonl yml yaml ini cfg conf config
	dat bin db sqlite mdb bak tmp old evtx evt dmp pcap png jpg jpeg gif bmp ico svg webp mp3 mp4 avi wav html htm
	xhtml mht ax php phtml asp aspx ashx asmx asax ascx cshtml jsp jspx jspf cgi py pyc pyd pyw sh pl rb c cpp h hpp cs
	vb java swift so dylib ko lib elf apk ipa dmg pkg deb rpm app appx msix plist key pem crt cer pfx p12 pub kdbx
	ost pst eml msg nsi au3 a3x job md rs ps mov ttf manifest`)

// archiveTLDs are top-level domains that are far more often endings of files.
var archiveTLDs = wordSet("zip mov")

func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		set[w] = true
	}
	return set
}
