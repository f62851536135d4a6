package exercise

// The cast. Nobody here exists: people are named after their desks, the
// town's domain is under .example (RFC 2606), and the addresses of the
// internet are from the ranges for documentation (RFC 5737), except the
// attacker's, which were published with the case in March 2021 and have long
// passed to others.
const (
	domain       = "TOWNHALL"
	dnsDomain    = "townhall.example"
	mailName     = "mail.townhall.example"
	discoverName = "autodiscover.townhall.example"
	domainSID    = "S-1-5-21-1085031214-1563985344-725345543"
	canary       = "kQ7xTRAINING0nly" // stands for an msExchEcpCanary
)

// Addresses of the attacker, all published in March 2021.
const (
	scanner    = "149.28.14.163"   // looks for servers
	thief      = "103.77.192.219"  // reads mail through the SSRF
	burglar    = "104.140.114.110" // plants the web shells
	operator   = "80.92.205.81"    // works through the web shells
	controller = "157.230.221.198" // command and control, odd ports
	drop       = "104.250.191.110" // where the archives go
)

// A user is a mailbox and an account; rid completes its SID.
type user struct {
	name  string
	rid   int
	seat  string // address of the desk's computer
	away  string // address at home or of the phone
	phone string // user agent of the phone; "" for none
}

func (u *user) account() account {
	return account{name: u.name, domain: domain, sid: domainSID + "-" + string(number(nil, int64(u.rid)))}
}

var desks = []string{
	"registry.office", "tax.office", "mayor.office", "finance.desk", "building.permits", "hr.desk",
	"library.desk", "planning.office", "parks.office", "school.office", "legal.desk", "press.office",
	"archive.desk", "welfare.office", "front.desk", "waste.services", "culture.office", "clerk.office",
	"housing.office", "traffic.desk", "market.desk", "civil.protection", "cemetery.office", "sports.office",
}

// Accounts beside the desks'.
const (
	ridAdmin    = 1108 // it.admin, the one administrator
	ridHelp     = 1109 // it.helpdesk
	ridBackup   = 1120 // svc-backup
	ridScan     = 1122 // svc-scan, the copiers
	ridNew      = 1124 // the new colleague
	ridFirst    = 2001 // the desks
	ridMailHost = 1604
)

var phoneAgents = []string{
	"Apple-iPhone12C1/1804.52", "Apple-iPhone11C8/1804.52", "Apple-iPad11C3/1803.107",
	"Android-SAMSUNG-SM-A515F/101.10", "Android-SAMSUNG-SM-G973F/101.10", "Outlook-iOS-Android/1.0",
}

var browsers = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.190 Safari/537.36",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.182 Safari/537.36 Edg/88.0.705.81",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:86.0) Gecko/20100101 Firefox/86.0",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.0.3 Safari/605.1.15",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 14_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.0.3 Mobile/15E148 Safari/604.1",
}

const (
	outlook  = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.13530; Pro)"
	outlook2 = "Microsoft Office/16.0 (Windows NT 10.0; MAPI 16.0.13530; Pro)"
	appleEWS = "AppleExchangeWebServices/814.80.3 accountsd/113"
)

// knocks are what the whole internet asks of any address: crawlers that read
// robots.txt, and scanners for other people's software.
var knocks = []struct {
	agent, method, stem, query string
	status                     int
}{
	{"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "GET", "/robots.txt", "", 404},
	{"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "GET", "/", "", 302},
	{"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "GET", "/robots.txt", "", 404},
	{"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "GET", "/owa/auth/logon.aspx", "url=https%3a%2f%2fmail.townhall.example%2fowa%2f&reason=0", 200},
	{"Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "GET", "/robots.txt", "", 404},
	{"Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)", "GET", "/", "", 302},
	{"Mozilla/5.0 zgrab/0.x", "GET", "/", "", 302},
	{"Mozilla/5.0 zgrab/0.x", "GET", "/owa/auth/logon.aspx", "", 200},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87.0.4280.88 Safari/537.36", "GET", "/.env", "", 404},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87.0.4280.88 Safari/537.36", "GET", "/wp-login.php", "", 404},
	{"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:71.0) Gecko/20100101 Firefox/71.0", "GET", "/phpmyadmin/index.php", "", 404},
	{"Go-http-client/1.1", "GET", "/favicon.ico", "", 404},
	{"-", "GET", "/", "", 302},
	{"-", "OPTIONS", "/", "", 200},
}

// statics are the parts of the sign-in page, which the front end serves by
// itself.
var statics = []string{
	"/owa/auth/15.1.2106/themes/resources/segoeui-regular.ttf",
	"/owa/auth/15.1.2106/themes/resources/segoeui-semilight.ttf",
	"/owa/auth/15.1.2106/themes/resources/favicon.ico",
	"/owa/auth/15.1.2106/themes/resources/owa_text_blue.png",
	"/owa/auth/15.1.2106/themes/resources/bg_gradient_login.png",
	"/owa/auth/15.1.2106/themes/resources/Sign_in_arrow.png",
	"/owa/auth/15.1.2106/scripts/premium/flogon.js",
	"/owa/auth/15.1.2106/themes/resources/logon.css",
}

// cloud are names that any office looks up and speaks to.
var cloud = []struct{ name, address string }{
	{"www.news.example", "203.0.113.10"},
	{"static.news.example", "203.0.113.11"},
	{"maps.county.example", "203.0.113.20"},
	{"forms.ministry.example", "203.0.113.30"},
	{"login.ministry.example", "203.0.113.31"},
	{"update.office-suite.example", "203.0.113.40"},
	{"telemetry.office-suite.example", "203.0.113.41"},
	{"ocsp.trust-services.example", "203.0.113.50"},
	{"crl.trust-services.example", "203.0.113.51"},
	{"avlookup.antivirus.example", "203.0.113.60"},
	{"time.county.example", "203.0.113.70"},
	{"www.weather.example", "203.0.113.80"},
	{"cdn.video.example", "203.0.113.90"},
	{"search.engine.example", "203.0.113.100"},
	{"shop.stationery.example", "203.0.113.110"},
	{"deb.mirror.example", "203.0.113.120"},
}

const (
	backupCloud = "203.0.113.200" // where the nightly backup is copied to
	hoster      = "203.0.113.210" // runs the town's public web site
)
