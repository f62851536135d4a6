package prose

// A class is a set of roles that a word can have in a sentence.
type class uint64

// The classes.
const (
	connector  class = 1 << iota // may stand in lower case within a name: of, and, the
	nameCue                      // says what a name beside it is: group, malware
	nameVerb                     // comes before a name: dubbed, called
	hedge                        // makes what follows less certain: allegedly
	negation                     // makes what follows untrue: not, never
	denial                       // somebody says that it is not so: denies
	speech                       // somebody says it: said, according
	future                       // it is to come: will, due
	accuse                       // accuses, blames, condemns; its object is the accused
	accusing                     // accusation, condemnation: of or against the accused
	attribute                    // attributes; to the accused
	passive                      // was, were, been
	clause                       // begins another clause: but, although, while, which
	month                        //
	weekday                      //
	period                       // day, week, month, quarter, year
	deictic                      // last, this, next
	quantifier                   // at least, some, about
	magnitude                    // thousand, million
	numeral                      // two, dozen
	counted                      // what can be a number of victims: organizations
	happening                    // heads the name of an incident: hack, breach
	bodyHead                     // heads the name of a government body: ministry
	companyCue                   // comes before the name of a company: firm
	pronoun                      // it, them, they
	tie                          // ties one who acts to one who has it done: affiliated
	determiner                   // the, a, this
	person                       // who speaks: official, spokesman
	currency                     // dollars
	origin                       // originate, stem, come: from or in
	ally                         // united, joined
	targeting                    // targeted, affected, breached
	contrast                     // ends what a hedge or a negation before it holds for: but
	comes                        // come, came
	common                       // a word that begins with a capital only to begin a sentence
)

// grammar lists the words of each class, in all forms that are meant.
var grammar = []struct {
	class class
	words string
}{
	{connector, `of and the for de la du al und`},
	{nameCue, `group gang actor operator malware ransomware backdoor trojan rat botnet loader downloader dropper stealer
		infostealer implant worm wiper rootkit framework toolkit utility family variant sample apt hacker cartel crew
		affiliate payload command tool spyware cryptor encryptor webshell dll beacon campaign raas locker keylogger exe`},
	{nameVerb, `dubbed called named codenamed aka known nicknamed alias malware ransomware backdoor trojan
		group gang actor tool utility family worm botnet`},
	{hedge, `allegedly alleged alleging suspected suspect suspects purported purportedly reportedly apparently possibly possible
		likely unlikely probably may might could believed believe believes thought presumed presumably seemingly appears appear
		seems potentially potential rumored rumoured unconfirmed claimed claim claims claiming supposedly supposed assessed assess assesses`},
	{negation, `not never no cannot without neither nor unattributed declined declines declining refused refuses refusing refrained stopped isn wasn weren aren hasn haven doesn didn don`},
	{denial, `deny denies denied denying dismissed dismisses dismiss rejected rejects reject refuted refutes refute disputed disputes dispute denial`},
	{speech, `said say says saying told tell tells according stated announced announce announces announcing reported report
		reports reportedly warned warns warn confirmed noted`},
	{future, `will would shall due expected going intends`},
	{accuse, `accuse accuses accused accusing blame blames blamed blaming condemn condemns condemned condemning denounce
		denounces denounced denouncing indict indicts indicted indicting charge charges charged charging sanction sanctions
		sanctioned sanctioning`},
	{accusing, `condemnation accusation accusations indictment denunciation allegation allegations`},
	{attribute, `attribute attributes attributed attributing pinned pin pins`},
	{passive, `is are was were be been being has have had`},
	{clause, `but although though while whereas however which who because since unless if after before`},
	{contrast, `but although though while whereas however`},
	{comes, `come comes came`},
	{month, `january february march april may june july august september october november december
		jan feb mar apr jun jul aug sep sept oct nov dec`},
	{weekday, `monday tuesday wednesday thursday friday saturday sunday`},
	{period, `day week month quarter year decade weekend`},
	{deictic, `last this next past previous`},
	{quantifier, `least most some about around roughly approximately nearly almost over than up estimated exactly only
		more less fewer under`},
	{magnitude, `hundred thousand million billion trillion hundreds thousands millions billions mn bn`},
	{numeral, `one two three four five six seven eight nine ten eleven twelve dozen dozens twenty thirty forty fifty sixty
		seventy eighty ninety`},
	{counted, `organization organisation company business victim customer server system computer device endpoint host user
		people person individual account record technique tactic procedure ttp domain address website country nation state
		hospital school agency government municipality town network attack incident intrusion breach household firm bank
		employee patient citizen site workstation machine entity institution email credential mailbox vulnerability sample indicator
		provider client subscriber university city case complaint operator facility payload variant ip url`},
	{happening, `hack attack breach campaign compromise intrusion incident outage leak heist hacking`},
	{bodyHead, `ministry department agency bureau directorate service administration office commission council command corps
		guard army navy force centre center unit committee intelligence police treasury secretariat institute authority`},
	{companyCue, `firm company maker provider vendor giant manufacturer supplier developer operator retailer bank airline insurer startup`},
	{pronoun, `it them they him her its their this these those that`},
	{tie, `affiliated linked tied connected sponsored backed directed controlled supported associated aligned employed hired funded`},
	{determiner, `the a an this that these those its their his her our`},
	{person, `official spokesman spokeswoman spokesperson minister secretary president officer statement authority source
		researcher analyst expert agent leader contractor`},
	{currency, `dollar usd euro eur pound sterling gbp yen jpy yuan renminbi cny rmb ruble rouble rub won krw rupee inr franc chf bitcoin btc monero xmr ether eth`},
	{origin, `originate originates originated originating stem stems stemmed stemming emanate emanates emanated emanating`},
	{ally, `united unite join joined joining joins jointly allied together coalition`},
	{targeting, `target targets targeted targeting affect affects affected affecting hit hits hitting breached breaching breaches
		compromised compromising compromises disrupted disrupting disrupts attacked attacking infected infecting
		victim victims against struck impacted impacting hacked including`},
	{common, `the a an this that these those it its in on at as for from by with after before during while when although
		however but and or our we they he she his her their there some many most several new recent last next first second
		no not later earlier today yesterday tomorrow did does do is are was were has have had can could will would should what who why how where if january february march april may june july august september october november december
		monday tuesday wednesday thursday friday saturday sunday cyber malware ransomware phishing supply ddos brute force
		data security network state state-sponsored massive major large targeted emerging notable prevent preventing similar various multiple several previous past ongoing`},
}
