# Directories, logons and tunnels: OpenLDAP, MIT Kerberos, strongSwan.
# shellcheck shell=bash disable=SC2154,SC2086

# ldap_server: slapd on srv, for dc=corp,dc=example, with TLS.
ldap_server() {
  local d=$WORK/slapd
  mkdir -p "$d/data"
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout "$d/key.pem" -out "$d/cert.pem" -subj /CN=srv.corp.example \
    -addext subjectAltName=DNS:srv.corp.example 2>/dev/null
  cat >"$d/slapd.conf" <<CONF
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile $d/pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile $d/cert.pem
TLSCertificateKeyFile $d/key.pem
database mdb
suffix "dc=corp,dc=example"
rootdn "cn=admin,dc=corp,dc=example"
rootpw Correct-Horse-7
directory $d/data
maxsize 1048576
CONF
  {
    printf 'dn: dc=corp,dc=example\nobjectClass: dcObject\nobjectClass: organization\no: Corp\ndc: corp\n\n'
    printf 'dn: ou=people,dc=corp,dc=example\nobjectClass: organizationalUnit\nou: people\n\n'
    for n in alice bob carol; do
      printf 'dn: uid=%s,ou=people,dc=corp,dc=example\nobjectClass: inetOrgPerson\nuid: %s\ncn: %s\nsn: Corp\nmail: %s@corp.example\nuserPassword: Correct-Horse-7\n\n' $n $n $n $n
    done
  } >"$d/base.ldif"
  at srv slapadd -q -f "$d/slapd.conf" -l "$d/base.ldif"
  start srv slapd -d 0 -f "$d/slapd.conf" -h ldap://$SRV4
  wait_tcp srv $SRV4 389
}

# ldap_as NAME PASSWORD COMMAND ARGUMENT...: one of OpenLDAP's commands on cli; input may be a change.
ldap_as() {
  local who=$1 password=$2 command=$3
  shift 3
  at cli env LDAPTLS_REQCERT=never "$command" -x -H ldap://srv.corp.example -D "$who" -w "$password" "$@" || true
}

about ldap_directory "slapd ldap-utils" \
  "OpenLDAP: the root entry, searches with filters, binds (one with a wrong password), an entry added, changed, renamed, compared and deleted, who am I; a search after StartTLS"
cap_ldap_directory() {
  local admin="cn=admin,dc=corp,dc=example" base="dc=corp,dc=example" pw=Correct-Horse-7
  ldap_server
  capture gw cli
  at cli ldapsearch -x -H ldap://srv.corp.example -s base -b '' '*' + >/dev/null
  ldap_as "uid=alice,ou=people,$base" wrong ldapwhoami
  ldap_as "uid=alice,ou=people,$base" $pw ldapwhoami
  ldap_as "uid=alice,ou=people,$base" $pw ldapsearch -b "$base" '(&(objectClass=inetOrgPerson)(|(mail=a*)(cn=*o*)(!(uid=carol))))' cn mail
  ldap_as "uid=alice,ou=people,$base" $pw ldapsearch -b "ou=nobody,$base" '(cn:caseExactMatch:=x)'
  printf 'dn: uid=dave,ou=people,%s\nobjectClass: inetOrgPerson\nuid: dave\ncn: dave\nsn: Corp\n' "$base" | ldap_as "$admin" $pw ldapadd
  printf 'dn: uid=dave,ou=people,%s\nchangetype: modify\nadd: mail\nmail: dave@corp.example\n-\nreplace: sn\nsn: Other\n' "$base" | ldap_as "$admin" $pw ldapmodify
  ldap_as "$admin" $pw ldapcompare "uid=dave,ou=people,$base" sn:Other
  ldap_as "$admin" $pw ldapmodrdn -r "uid=dave,ou=people,$base" uid=david
  ldap_as "$admin" $pw ldapdelete "uid=david,ou=people,$base"
  ldap_as "uid=bob,ou=people,$base" $pw ldapsearch -ZZ -b "$base" uid=bob
}

about ldap_controls "slapd ldap-utils" \
  "OpenLDAP: searches with controls: results in pages of two, what must hold of an entry, one that the server does not know and does not have to"
cap_ldap_controls() {
  local base="dc=corp,dc=example" pw=Correct-Horse-7 who="uid=alice,ou=people,dc=corp,dc=example"
  ldap_server
  capture gw cli
  ldap_as "$who" $pw ldapsearch -E pr=2/noprompt -b "$base" '(uid=*)' cn
  ldap_as "$who" $pw ldapsearch -E 1.2.3.4=:value -b "$base" uid=bob cn
  printf 'dn: uid=bob,ou=people,%s\nchangetype: modify\nreplace: sn\nsn: Other\n' "$base" | ldap_as "cn=admin,$base" $pw ldapmodify -e '!assert=(sn=Nobody)'
}

# kdc: MIT Kerberos on srv for CORP.EXAMPLE; mallory's key and the old service's are RC4.
kdc() {
  local d=$WORK/krb5 p
  mkdir -p "$d"
  cat >"$d/krb5.conf" <<CONF
[libdefaults]
  default_realm = CORP.EXAMPLE
  dns_lookup_kdc = false
  rdns = false
  allow_weak_crypto = true
  udp_preference_limit = 1465
[realms]
  CORP.EXAMPLE = {
    kdc = $SRV4
    admin_server = $SRV4
  }
[domain_realm]
  .corp.example = CORP.EXAMPLE
CONF
  sed 's/1465/1/' "$d/krb5.conf" >"$d/krb5tcp.conf"
  cat >"$d/kdc.conf" <<CONF
[kdcdefaults]
  kdc_ports = 88
  kdc_tcp_ports = 88
[realms]
  CORP.EXAMPLE = {
    database_name = $d/principal
    key_stash_file = $d/stash
    acl_file = $d/acl
    supported_enctypes = aes256-cts:normal aes128-cts:normal arcfour-hmac:normal
    default_principal_flags = +preauth
  }
CONF
  export KRB5_CONFIG=$d/krb5.conf KRB5_KDC_PROFILE=$d/kdc.conf KRB5CCNAME=FILE:$d/cache
  kdb5_util create -s -r CORP.EXAMPLE -P master-Key-7 >/dev/null
  for p in '-pw Correct-Horse-7 alice' '-pw Correct-Horse-7 -e arcfour-hmac:normal mallory' '-randkey host/srv.corp.example' \
    '-randkey -e arcfour-hmac:normal cifs/old.corp.example' '-pw Correct-Horse-7 -requires_preauth lazy'; do
    kadmin.local -q "addprinc $p" >/dev/null 2>&1
  done
  start srv krb5kdc -n
  wait_udp srv 0.0.0.0 88
}

# logon NAME PASSWORD: a ticket for the name.
logon() { at cli kinit "$1" <<<"$2" >/dev/null 2>&1 || true; }

about krb5_logon "krb5-kdc krb5-admin-server krb5-user" \
  "MIT Kerberos: logons over UDP and TCP (preauthentication asked for, a wrong password, an unknown name, RC4 keys), tickets for services, one of them with RC4, and one that does not exist"
cap_krb5_logon() {
  kdc
  capture gw cli
  logon alice wrong
  logon nobody Correct-Horse-7
  logon mallory Correct-Horse-7
  logon lazy Correct-Horse-7
  logon alice Correct-Horse-7
  at cli kvno host/srv.corp.example || true
  at cli kvno cifs/old.corp.example || true
  at cli kvno http/none.corp.example || true
  export KRB5_CONFIG=$WORK/krb5/krb5tcp.conf
  logon alice Correct-Horse-7
  at cli kvno host/srv.corp.example || true
}

# ipsec_end HOST ADDRESS OTHER VERSION PROPOSAL [OPTION...]: strongSwan's daemon on a host, with a tunnel to the other one.
ipsec_end() {
  local h=$1 own=$2 other=$3 version=$4 proposal=$5 d=$WORK/ike-$1
  mkdir -p "$d/run"
  cat >"$d/strongswan.conf" <<CONF
charon-systemd {
  filelog {
    log {
      path = $d/log
      default = 1
    }
  }
  plugins {
    vici {
      socket = unix://$d/vici
    }
  }
  i_dont_care_about_security_and_use_aggressive_mode_psk = yes
}
swanctl {
  load =
}
CONF
  cat >"$d/swanctl.conf" <<CONF
connections {
  site {
    version = $version
    aggressive = ${6:-no}
    local_addrs = $own
    remote_addrs = $other
    proposals = $proposal
    encap = ${7:-no}
    local {
      auth = psk
    }
    remote {
      auth = psk
    }
    children {
      net {
        esp_proposals = aes128-sha256
      }
    }
  }
}
secrets {
  ike {
    secret = Correct-Horse-7
  }
}
CONF
  start "$h" env STRONGSWAN_CONF="$d/strongswan.conf" charon-systemd
  for _ in $(seq 50); do [[ -S $d/vici ]] && break; sleep 0.1; done
  at "$h" env STRONGSWAN_CONF="$d/strongswan.conf" swanctl --load-all --uri "unix://$d/vici" --file "$d/swanctl.conf" >/dev/null
}

# ipsec_tunnel VERSION PROPOSAL [AGGRESSIVE [ENCAPSULATED]]: a tunnel comes up between cli and srv and goes down again.
ipsec_tunnel() {
  local h
  ipsec_end srv $SRV4 $CLI4 "$@"
  ipsec_end cli $CLI4 $SRV4 "$@"
  at cli env STRONGSWAN_CONF="$WORK/ike-cli/strongswan.conf" swanctl --initiate --uri "unix://$WORK/ike-cli/vici" --child net --timeout 5 >/dev/null || true
  at cli env STRONGSWAN_CONF="$WORK/ike-cli/strongswan.conf" swanctl --terminate --uri "unix://$WORK/ike-cli/vici" --ike site --timeout 5 >/dev/null || true
  for h in cli srv; do
    ip netns pids "${PREFIX}$h" | xargs -r ps -o pid=,comm= -p 2>/dev/null | awk '/charon/{print $1}' | xargs -r kill -TERM
  done
  sleep 1
  rm -rf "$WORK/ike-cli" "$WORK/ike-srv"
}

about ike_tunnels "strongswan-swanctl charon-systemd libstrongswan-standard-plugins libstrongswan-extra-plugins" \
  "strongSwan: tunnels by IKE version 2, the same through port 4500, with weak algorithms, by version 1 in main mode and in aggressive mode"
cap_ike_tunnels() {
  capture gw cli
  ipsec_tunnel 2 aes256gcm16-prfsha256-ecp256
  ipsec_tunnel 2 aes128-sha256-modp2048 no yes
  ipsec_tunnel 2 3des-sha1-modp1024
  ipsec_tunnel 1 aes128-sha1-modp2048
  ipsec_tunnel 1 aes128-sha1-modp2048 yes
}
