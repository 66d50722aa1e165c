# Databases: psql and pgbench to PostgreSQL.
# shellcheck shell=bash disable=SC2154,SC2086

# database_server PORT SETTING...: PostgreSQL on srv. People log in by scram, bob by md5, and carol in clear text.
database_server() {
  local port=$1 bin s
  local d=$WORK/pgsql-$port
  shift
  bin=$(echo /usr/lib/postgresql/*/bin)
  install -d -o postgres -g postgres "$d"
  as_postgres() { (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups env LC_ALL=C.UTF-8 "$@"); }
  as_postgres "$bin/initdb" -D "$d/data" -A trust -U postgres --no-sync >/dev/null
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout "$d/data/server.key" -out "$d/data/server.crt" -subj /CN=srv.corp.example 2>/dev/null
  chown postgres:postgres "$d"/data/server.*
  printf '%s\n' 'local all postgres trust' 'host all bob all md5' 'host all carol all password' 'host all all all scram-sha-256' >"$d/data/pg_hba.conf"
  for s in "port = $port" "listen_addresses = '$SRV4'" "unix_socket_directories = '$d'" "fsync = off" "$@"; do echo "$s" >>"$d/data/postgresql.conf"; done
  start srv setpriv --reuid=postgres --regid=postgres --clear-groups "$bin/postgres" -D "$d/data"
  wait_tcp srv $SRV4 $port
  until at srv "$bin/psql" -qX -h "$d" -p $port -U postgres -c 'select 1' >/dev/null 2>&1; do sleep 0.2; done
  at srv "$bin/psql" -qX -h "$d" -p $port -U postgres <<'SQL'
create role alice login password 'Correct-Horse-7';
set password_encryption = 'md5';
create role bob login password 'Correct-Horse-7';
create role carol login password 'Correct-Horse-7';
create database shop owner alice;
SQL
}

about pgsql_shop "postgresql postgresql-client" \
  "PostgreSQL: psql and pgbench log in by scram, md5 and in clear text, with a wrong password, over TLS, and where TLS is asked for in vain; simple, extended and prepared queries, errors, notices, notifications, COPY both ways, a query that is cancelled"
cap_pgsql_shop() {
  local db="at cli env PGPASSWORD=Correct-Horse-7 PGGSSENCMODE=disable PGCONNECT_TIMEOUT=5 PGOPTIONS=--client-min-messages=notice" i
  local psql="$db psql -X -q -h $SRV4 -d shop"
  database_server 5432 "ssl = on"
  database_server 5433 "ssl = off"
  capture gw srv
  PGSSLMODE=disable $psql -U alice <<'SQL'
create table orders (id int primary key, customer text, amount numeric);
insert into orders values (1, 'Ähre & Co', 12.50), (2, null, 99);
select * from orders order by id;
select 1; select 2 as two;
select * from missing;
drop table if exists nothing;
begin;
update orders set amount = amount * 2;
rollback;
copy orders from stdin;
3	three	3
4	four	4
\.
copy orders from stdin;
wrong	three	3
\.
copy orders to stdout;
listen till;
notify till, 'ready';
select count(*) from orders where customer = 'x'' or 1=1 --';
SQL
  PGSSLMODE=disable $psql -U bob -c 'select current_user' >/dev/null
  PGSSLMODE=disable $psql -U carol -c 'select current_user' >/dev/null
  PGSSLMODE=disable $psql -U mallory -c 'select 1' || true
  printf '%s\n' '\set n 2' 'select customer from orders where id = :n;' >"$WORK/one.sql"
  for i in extended prepared; do
    PGSSLMODE=disable $db pgbench -n -M $i -t 2 -f "$WORK/one.sql" -h $SRV4 -U alice shop >/dev/null
  done
  PGSSLMODE=require $psql -U alice -c 'select 1' >/dev/null
  PGSSLMODE=prefer $psql -p 5433 -U alice -c 'select 1' >/dev/null
  PGSSLMODE=disable $db timeout -s INT 1 psql -X -q -h $SRV4 -d shop -U alice -c 'select pg_sleep(9)' || true
}

about pgsql_guessing "hydra postgresql postgresql-client" \
  "ATTACK: hydra guesses alice's PostgreSQL password: 12 wrong, the last one right"
cap_pgsql_guessing() {
  { for i in $(seq 12); do echo "Wrong-Horse-$i"; done; echo Correct-Horse-7; } >"$WORK/words"
  database_server 5432 "ssl = off"
  capture gw srv
  at atk hydra -q -I -t 2 -l alice -P "$WORK/words" postgres://$SRV4/shop || true
}
