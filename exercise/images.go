package exercise

import "strings"

// An about is what Sysmon says of a file beside its path.
type about struct {
	version, description, product, company, original, hash string
}

const (
	windowsProduct = "Microsoft® Windows® Operating System"
	microsoft      = "Microsoft Corporation"
	windowsVersion = "10.0.14393.0 (rs1_release.160715-1616)"
)

// descriptions of the programs that run in the exercise, by file name.
var descriptions = map[string]about{
	"cmd.exe":              {description: "Windows Command Processor", original: "Cmd.Exe"},
	"conhost.exe":          {description: "Console Window Host", original: "CONHOST.EXE"},
	"whoami.exe":           {description: "whoami - displays logged on user information", original: "whoami.exe"},
	"net.exe":              {description: "Net Command", original: "net.exe"},
	"net1.exe":             {description: "Net Command", original: "net1.exe"},
	"nltest.exe":           {description: "Microsoft® Logon Server Test Utility", original: "nltestrk.exe"},
	"quser.exe":            {description: "Query User Utility", original: "quser.exe"},
	"tasklist.exe":         {description: "Lists the current running tasks", original: "tasklist.exe"},
	"ipconfig.exe":         {description: "IP Configuration Utility", original: "ipconfig.exe"},
	"systeminfo.exe":       {description: "Displays system information", original: "sysinfo.exe"},
	"ping.exe":             {description: "TCP/IP Ping Command", original: "ping.exe"},
	"attrib.exe":           {description: "Attribute Utility", original: "ATTRIB.EXE"},
	"rundll32.exe":         {description: "Windows host process (Rundll32)", original: "RUNDLL32.EXE"},
	"makecab.exe":          {description: "Microsoft® Cabinet Maker", original: "makecab.exe"},
	"schtasks.exe":         {description: "Task Scheduler Configuration Tool", original: "schtasks.exe"},
	"sc.exe":               {description: "Service Control Manager Configuration Tool", original: "sc.exe"},
	"reg.exe":              {description: "Registry Console Tool", original: "reg.exe"},
	"certutil.exe":         {description: "CertUtil.exe", original: "CertUtil.exe"},
	"wevtutil.exe":         {description: "Eventing Command Line Utility", original: "wevtutil.exe"},
	"ntdsutil.exe":         {description: "NT5DS", original: "ntdsutil.exe"},
	"vssadmin.exe":         {description: "Command Line Interface for Microsoft® Volume Shadow Copy Service", original: "VSSADMIN.EXE"},
	"powershell.exe":       {description: "Windows PowerShell", original: "PowerShell.EXE"},
	"svchost.exe":          {description: "Host Process for Windows Services", original: "svchost.exe"},
	"taskhostw.exe":        {description: "Host Process for Windows Tasks", original: "taskhostw.exe"},
	"mmc.exe":              {description: "Microsoft Management Console", original: "mmc.exe"},
	"mstsc.exe":            {description: "Remote Desktop Connection", original: "mstsc.exe"},
	"wuauclt.exe":          {description: "Windows Update", original: "wuauclt.exe"},
	"TrustedInstaller.exe": {description: "Windows Modules Installer", original: "TrustedInstaller.exe"},
	"TiWorker.exe":         {description: "Windows Modules Installer Worker", original: "TiWorker.exe"},
	"msiexec.exe":          {description: "Windows® installer", original: "msiexec.exe"},
	"wermgr.exe":           {description: "Windows Problem Reporting", original: "WerMgr"},
	"WerFault.exe":         {description: "Windows Problem Reporting", original: "WerFault.exe"},
	"rdpclip.exe":          {description: "RDP Clipboard Monitor", original: "rdpclip.exe"},
	"dfsrdiag.exe":         {description: "DFS Replication diagnostics", original: "dfsrdiag.exe"},
	"gpupdate.exe":         {description: "Microsoft® Group Policy Update Utility", original: "GPUpdate.exe"},
	"7z.exe":               {"19.00", "7-Zip Console", "7-Zip", "Igor Pavlov", "7z.exe", ""},
	"csc.exe":              {"4.7.3221.0 built by: NET472REL1LAST_C", "Visual C# Command Line Compiler", "Microsoft® .NET Framework", microsoft, "csc.exe", ""},
	"cvtres.exe":           {"12.00.52519.0 built by: VSWINSERVICING", "Microsoft® Resource File To COFF Object Conversion Utility", "Microsoft® Visual Studio® 2013", microsoft, "CVTRES.EXE", ""},
	"backup-agent.exe":     {"11.2.0.871", "Nightly backup agent", "Backup Suite", "Backup Suite Ltd", "backup-agent.exe", ""},
	"monitor-agent.exe":    {"7.4.1", "Monitoring agent", "Watchtower", "Watchtower Project", "monitor-agent.exe", ""},
	"MpCmdRun.exe":         {"4.18.2101.9", "Microsoft Malware Protection Command Line Utility", windowsProduct, microsoft, "MpCmdRun.exe", ""},
	"GoogleUpdate.exe":     {"1.3.36.72", "Google Installer", "Google Update", "Google LLC", "GoogleUpdate.exe", ""},
	"nbtscan.exe":          {"-", "-", "-", "-", "-", ""},
	"Opera_browser.exe":    {"-", "-", "-", "-", "-", ""},
	"VSPerfMon.exe":        {"-", "-", "-", "-", "-", ""},
	"dns2tcp.exe":          {"-", "-", "-", "-", "-", ""},
	"PSEXESVC.exe":         {"2.34", "PsExec Service", "Sysinternals PsExec", "Sysinternals - www.sysinternals.com", "psexesvc.exe", ""},
	"Sysmon64.exe":         {"12.03", "System activity monitor", "Sysinternals Sysmon", "Sysinternals - www.sysinternals.com", "-", ""},
}

// aboutImage fills in what a table of differences leaves out. The hash is
// made from the path: the same program has the same hash everywhere.
func aboutImage(path string) about {
	name := path[strings.LastIndexByte(path, '\\')+1:]
	a, ok := descriptions[name]
	if !ok {
		a = about{"-", "-", "-", "-", "-", ""}
	}
	if a.version == "" {
		a.version, a.product, a.company = windowsVersion, windowsProduct, microsoft
	}
	r := rng{14695981039346656037}
	for i := range len(name) {
		r.state = (r.state ^ uint64(name[i]|0x20)) * 1099511628211
	}
	a.hash = "SHA256=" + string(r.hex(nil, 64, hexUpper))
	return a
}
