# A real browser, for real.sh only: too heavy a package for everybody who makes captures.
# shellcheck shell=bash disable=SC2154,SC2086

about browser "nginx-light dnsmasq chromium-headless-shell" \
  "Chromium without a screen: asks dnsmasq for names, loads a page with style, script, image and fetched data over HTTP/1.1, and another over TLS and HTTP/2; plain browsing, on which nothing may alert"

# browse URL: loads the page, runs its scripts, and prints what became of it. Names are looked up with our server: this host's
# resolver has no other, and nothing leads out of the namespaces. The browser's own errands are off.
browse() {
  at cli env -i PATH="$PATH" HOME="$WORK/home/browser" LC_ALL=C.UTF-8 timeout 60 chromium-headless-shell --no-sandbox --headless --disable-gpu \
    --disable-dev-shm-usage --disable-background-networking --disable-component-update --disable-sync --no-first-run --no-pings \
    --disable-domain-reliability --disable-client-side-phishing-detection --disable-quic --ignore-certificate-errors --metrics-recording-only \
    --user-data-dir="$WORK/home/browser/profile" --virtual-time-budget=4000 --timeout=20000 --dump-dom "$1"
}

cap_browser() {
  local d=/etc/netns/${PREFIX}cli
  sed -i 's/^hosts:.*/hosts: dns/' "$d/nsswitch.conf"
  mkdir -p "$WORK/home/browser"
  web
  cat >"$WORK/www/site/shop.html" <<'HTML'
<!DOCTYPE html>
<html><head><title>Shop</title><link rel="stylesheet" href="/style.css"><script src="/app.js"></script></head>
<body><h1>Shop</h1><img src="/logo.png" alt="logo"><p id="out">nothing yet</p>
<script>
fetch('/report.pdf').then(r => r.arrayBuffer()).then(b => { document.getElementById('out').textContent = 'fetched ' + b.byteLength + ' bytes'; });
</script></body></html>
HTML
  nameserver --auth-zone=corp.test,10.10.0.0/16 --host-record=www.corp.test,$SRV4 --host-record=secure.corp.test,$SRV4
  capture gw srv
  browse http://www.corp.test/shop.html >"$WORK/dom.http"
  browse https://secure.corp.test/shop.html >"$WORK/dom.https"
  sleep 0.5
  grep -H 'fetched [1-9][0-9]* bytes' "$WORK/dom.http" "$WORK/dom.https"
}

# check_browser: the records must tell what the browser did.
check_browser() {
  local bad=()
  seen() { # WHAT JQ-CONDITION
    jq -en "[inputs | select($2)] | length > 0" "$WORK/live.eve" >/dev/null || bad+=("$1")
  }
  seen "a DNS query for www.corp.test" '.event_type == "dns" and ([.. | .rrname? // empty] | index("www.corp.test"))'
  seen "a DNS answer with the server's address" ".event_type == \"dns\" and ([.. | .rdata? // empty] | index(\"$SRV4\"))"
  seen "the page by HTTP with the browser's name" '.event_type == "http" and .http.url == "/shop.html" and .http.status == 200 and (.http.http_user_agent | test("Chrome/"))'
  seen "what the page's script fetched" '.event_type == "http" and .http.url == "/report.pdf" and .http.status == 200'
  seen "TLS with its server name, ALPN h2 and JA4" '.event_type == "tls" and .tls.sni == "secure.corp.test" and (.tls.ja4.hash? // .tls.ja4 | tostring | test("^t13d.*h2_"))'
  seen "the file" '.event_type == "fileinfo" and .fileinfo.filename == "/report.pdf"'
  seen "the flow of TLS" '.event_type == "flow" and .app_proto == "tls" and .dest_port == 443'
  ((${#bad[@]} == 0)) || { printf 'browser: no record of %s\n' "${bad[@]}"; return 1; } >&8
}
