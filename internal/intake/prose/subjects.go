package prose

import "strings"

// sectors maps words of STIX's industry-sector-ov to what reports call them.
const sectors = `agriculture: agriculture, farming, food and agriculture, agricultural sector
aerospace: aerospace, aviation, satellite operator
automotive: automotive, car maker, carmaker, auto industry
chemical: chemical industry, chemical sector, chemical company
communications: communications sector, internet service provider, media company
construction: construction industry, construction company, construction sector, engineering firm
defense: defense contractor, defence contractor, defense industry, defence industry, defense industrial base, defence industrial base, defense sector, defence sector, military organization, armed forces
education: education, educational, university, academia, academic institution, school, school district, higher education
energy: energy sector, energy company, energy, oil and gas, power grid, power company, pipeline operator, electric utility
entertainment: entertainment, gaming industry, gaming company, video game
financial-services: financial services, financial sector, financial institution, bank, banking, fintech, cryptocurrency exchange
government: government agency, government entity, government organization, government institution, government sector, public sector
government-local: local government, municipality, municipal government, town hall, city council, county government
government-national: federal agency, federal government, national government, central government, ministry of foreign affairs, foreign ministry, embassy
government-regional: state government, regional government, provincial government
emergency-services: emergency services, police department, law enforcement agency, fire department
healthcare: healthcare, health care, hospital, health sector, medical center, medical facility
hospitality-leisure: hospitality, hotel, casino, tourism, airline
infrastructure: critical infrastructure, port operator
dams: dam operator
nuclear: nuclear facility, nuclear power, nuclear sector
water: water utility, wastewater, water treatment, water and wastewater, drinking water
insurance: insurance, insurer
manufacturing: manufacturing, manufacturer
mining: mining company, mining industry
non-profit: non-profit, nonprofit, non-governmental organization, nongovernmental organization, NGO, think tank, human rights group, charity
pharmaceuticals: pharmaceutical, vaccine research, biotech, biotechnology
retail: retail, retailer, e-commerce
technology: information technology, technology company, technology sector, software firm, software company, software vendor, managed service provider, IT company, IT service, semiconductor
telecommunications: telecommunications, telecommunication, telecom, telco
transportation: transportation, logistics, shipping company, maritime, railway
utilities: utility company, public utility`

// crimes maps crimes and harms to what reports call them.
const crimes = `extortion: extortion, blackmail, extort, extorted, extorting, extortionist
crypto-jacking: crypto jacking, cryptojacking, illicit cryptomining, illegal cryptocurrency mining, illicit cryptocurrency mining
ransomware: ransomware
ransom demand: ransom demand, ransom operation, ransom note, demand for ransom, demanded a ransom, demanded ransom, ransom
theft: theft, stole, stolen, steal, stealing, exfiltration of data
espionage: espionage, cyber espionage, cyberespionage, spying
fraud: fraud, wire fraud, business email compromise, scam
money laundering: money laundering, laundered
sabotage: sabotage, destructive attack, wiper attack
disinformation: disinformation, influence operation
denial of service: denial of service, distributed denial of service, ddos`

// addSubjects adds sectors and crimes.
func (l *lexicon) addSubjects() {
	l.addSubject(Sector, sectors)
	l.addSubject(Crime, crimes)
}

func (l *lexicon) addSubject(kind Kind, list string) {
	for row := range strings.Lines(list) {
		value, names, _ := strings.Cut(strings.TrimSpace(row), ": ")
		for name := range strings.SplitSeq(names, ", ") {
			t := term{kind: kind, text: name, value: value}
			if name == strings.ToUpper(name) {
				t.rule = exact
			}
			l.add(t)
		}
	}
}
