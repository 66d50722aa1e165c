package pynids

// What PyNIDS's dissectors mark as suspicious, as conditions of ours: on the request target, freed of its encoding once more, as
// attackers encode twice and query strings write spaces as +.
const (
	sqli = `url_decode(http.uri) ~ /\bunion\b[\s\/*+(]{1,20}(all[\s\/*+(]{1,20})?select\b|\bselect\b.{1,80}\bfrom\b|` +
		`['"]\s*(or|and|\|\|)\s*\(*\s*['"]?\w{1,20}['"]?\s*(=|<|>|like)|\b(or|and)\s+\d{1,9}\s*=\s*\d|` +
		`\b(sleep|benchmark|pg_sleep|extractvalue|updatexml)\s*\(|\bwaitfor\s+delay\b|\bxp_cmdshell\b|;\s*(drop|truncate|alter)\s+table\b|` +
		`\binformation_schema\b|'\s*(--|#)/i`
	xss = `html_decode(url_decode(http.uri)) ~ /<\s*\/?\s*script\b|<[a-z][^>]{0,100}\bon[a-z]{3,20}\s*=|javascript\s*:|` +
		`<\s*(iframe|object|embed|svg)\b|\bdocument\.(cookie|location|write)\b/i`
	traversal = `url_decode(http.uri.raw) ~ /(^|[\/\\=&?])\.\.([\/\\]|%2f|%5c)|\/etc\/(passwd|shadow)\b|\bboot\.ini\b|\bwin\.ini\b/i`
	scanner   = `http.user_agent contains {"sqlmap", "nikto", "nmap", "nessus", "openvas", "acunetix", "netsparker", "w3af", "wpscan", "dirbuster", ` +
		`"gobuster", "feroxbuster", "ffuf", "nuclei", "masscan", "zgrab", "joomscan", "havij", "arachni", "whatweb", "commix", "dirsearch", ` +
		`"hydra", "burp", "zaproxy"} nocase`
)
