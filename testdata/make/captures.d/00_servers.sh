# The servers that more than one capture needs.
# shellcheck shell=bash disable=SC2154,SC2086

# web [DIRECTIVE...]: nginx on srv (or $WEB_HOST), ports 80, 443 and 8080 (clear-text HTTP/2), with the
# site and the application behind it. DIRECTIVES go to the top of the configuration (load_module);
# $WEB_EXTRA goes into its http block.
web() {
  local d=$WORK/www h=${WEB_HOST:-srv}
  mkdir -p "$d/site" "$d/logs"
  python3 "$HERE/content.py" "$d/site"
  certificates
  {
    printf '%s\n' "$@"
    cat <<CONF
user www-data; worker_processes 1; daemon off; pid $d/pid; error_log $d/logs/error.log;
events { worker_connections 256; }
http {
  include /etc/nginx/mime.types; default_type application/octet-stream;
  access_log off; server_tokens on; if_modified_since before; keepalive_timeout 20;
  client_body_temp_path $d/body; proxy_temp_path $d/proxy; fastcgi_temp_path $d/f; uwsgi_temp_path $d/u; scgi_temp_path $d/s;
  client_max_body_size 64m; gzip on; gzip_types text/css application/javascript application/json; gzip_min_length 200;
  ${WEB_EXTRA:-}
  server {
    listen 80; listen [::]:80; server_name www.corp.example; root $d/site;
    location = /old { return 301 /index.html; }
    location = /teapot { return 418; }
    location ~ ^/(login|upload|item|search|private|api/) { proxy_pass http://127.0.0.1:8000; proxy_http_version 1.1; }
  }
  server { listen 8080 http2; server_name www.corp.example; root $d/site; }
  server {
    listen 443 ssl http2; server_name secure.corp.example; root $d/site;
    ssl_certificate $WORK/ca/secure.pem; ssl_certificate_key $WORK/ca/secure.key;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:a:1m; ssl_session_tickets on;
    location /upload { proxy_pass http://127.0.0.1:8000; }
    location /api/ { proxy_pass http://127.0.0.1:8000; }
  }
  server {
    listen 443 ssl; server_name www.corp.example; root $d/site;
    ssl_certificate $WORK/ca/www.pem; ssl_certificate_key $WORK/ca/www.key;
    ssl_session_cache shared:a:1m;
  }
}
CONF
  } >"$d/nginx.conf"
  start "$h" python3 "$HERE/app.py" 8000
  start "$h" nginx -c "$d/nginx.conf" -p "$d"
  wait_tcp "$h" 127.0.0.1 8000
  wait_tcp "$h" 0.0.0.0 80
}

# certificates: a CA of our own and one certificate (RSA or EC) a name, under $WORK/ca.
certificates() {
  local d=$WORK/ca n key
  mkdir -p "$d"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -keyout "$d/ca.key" \
    -out "$d/ca.pem" -subj "/C=DE/O=Corp Example/CN=Corp Example Test CA"
  for n in secure www mail; do
    key="ec -pkeyopt ec_paramgen_curve:P-256"
    [[ $n == www ]] && key="rsa:2048"
    # shellcheck disable=SC2086
    openssl req -new -newkey $key -nodes -keyout "$d/$n.key" -out "$d/$n.csr" \
      -subj "/C=DE/O=Corp Example/OU=$n/CN=$n.corp.example"
    openssl x509 -req -in "$d/$n.csr" -CA "$d/ca.pem" -CAkey "$d/ca.key" -days 825 -out "$d/$n.crt" \
      -set_serial "0x1000$(printf '%s' "$n" | sum | cut -c1-4)" \
      -extfile <(echo "subjectAltName=DNS:$n.corp.example,DNS:$n.corp.test"; echo "extendedKeyUsage=serverAuth")
    cat "$d/$n.crt" "$d/ca.pem" >"$d/$n.pem"
  done
}

# nameserver [OPTION...]: dnsmasq on srv, authoritative for corp.example.
nameserver() {
  start srv dnsmasq -k --conf-file=/dev/null --no-hosts --no-resolv --user=root --pid-file= --bind-interfaces \
    --listen-address=$DNS4 --listen-address=$SRV6 --except-interface=lo --log-facility=- \
    --auth-zone=corp.example,10.10.0.0/16,2001:db8::/32 --auth-server=ns1.corp.example,$DNS4 --auth-soa=2024010101,hostmaster.corp.example \
    --local=/corp.example/ --edns-packet-max=4096 \
    --host-record=www.corp.example,$SRV4,$SRV6 --host-record=mail.corp.example,$MX4 \
    --host-record=ns1.corp.example,$DNS4 --host-record=cli.corp.example,$CLI4,$CLI6 \
    --cname=intranet.corp.example,www.corp.example --mx-host=corp.example,mail.corp.example,10 \
    '--txt-record=corp.example,v=spf1 mx -all,second string' \
    --srv-host=_sip._tcp.corp.example,www.corp.example,5060,10,60 \
    --dns-rr=corp.example,257,000569737375656c6574732e6578616d706c65 \
    --naptr-record=corp.example,100,10,S,SIP+D2T,,_sip._tcp.corp.example "$@"
  wait_udp srv $DNS4 53
}

# sshd_up: OpenSSH on srv; alice may log in by password or with the key $WORK/ssh/alice.
sshd_up() {
  local d=$WORK/ssh
  mkdir -p "$d" /run/sshd "$WORK/home/alice/.ssh"
  ssh-keygen -q -t ed25519 -N '' -f "$d/host_ed25519"
  ssh-keygen -q -t ecdsa -N '' -f "$d/host_ecdsa"
  ssh-keygen -q -t ed25519 -N '' -C alice@cli -f "$d/alice"
  cp "$d/alice.pub" "$WORK/home/alice/.ssh/authorized_keys"
  chown -R 4001:4001 "$WORK/home/alice"
  chmod 700 "$WORK/home/alice/.ssh"
  start srv /usr/sbin/sshd -D -e -f /dev/null -h "$d/host_ed25519" -h "$d/host_ecdsa" -o UsePAM=no \
    -o PidFile=none -o PasswordAuthentication=yes -o MaxAuthTries=6 -o MaxStartups=30 -o UseDNS=no \
    -o "Subsystem=sftp /usr/lib/openssh/sftp-server" "$@"
  wait_tcp srv $SRV4 22
}

# mailserver: postfix on srv (mail.corp.example), takes mail for corp.example and drops it.
mailserver() {
  local d=$WORK/postfix
  mkdir -p "$d/etc" "$d/queue" "$d/data"
  chown postfix "$d/data"
  certificates
  cat >"$d/etc/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $d/queue
data_directory = $d/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.corp.example
mydomain = corp.example
mydestination = corp.example
mynetworks = 127.0.0.0/8
inet_interfaces = $MX4
inet_protocols = ipv4
local_transport = discard:
local_recipient_maps =
alias_maps =
alias_database =
smtpd_tls_security_level = may
smtpd_tls_cert_file = $WORK/ca/mail.pem
smtpd_tls_key_file = $WORK/ca/mail.key
smtpd_relay_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtpd_tls_session_cache_database =
maillog_file = /dev/stdout
CONF
  # Nothing in a chroot: its copies of /etc would live in the queue directory.
  awk '/^#/ || NF < 8 || /^[[:space:]]/ {print; next} {$5 = "n"; print}' /usr/share/postfix/master.cf.dist >"$d/etc/master.cf"
  echo 'postlog unix-dgram n - n - 1 postlogd' >>"$d/etc/master.cf"
  start srv postfix -c "$d/etc" start-fg
  wait_tcp srv $MX4 25
}
