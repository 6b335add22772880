#!/bin/sh
# deps.sh KIND|all: install what is missing, or say what it is.
#
# Each row: what wants it, Debian's package, what for.
set -eu

table() {
	cat <<'EOF'
build gcc the compiler
build libc6-dev the C library's headers
build libgnutls28-dev keys, signatures
build nettle-dev digests
build libsqlite3-dev storage
build libjson-c-dev reading JSON
build libcrypt-dev password hashes
build libargon2-dev Argon2 hashes of other sites
build libcbor-dev passkeys
build libcurl4-gnutls-dev mail to a mail server, documents of clients
build libidn2-dev domains of e-mail addresses
build libunistring-dev names and passwords, one form of each
build liboath-dev codes of a second factor (TOTP)
build libqrencode-dev QR codes
pgsql libpq-dev PostgreSQL as the database (make PGSQL=1)
apache apache2-dev mod_carnet (make apache)
nginx nginx-dev carnet's module for nginx (make nginx)
run lighttpd the web server that serves it
run curl the example that is printed, and the wait for the server
test libcmocka-dev unit tests
test apache2 HTTP tests
test apache2-dev mod_carnet
test libapache2-mod-fcgid HTTP tests: FastCGI under Apache
test nginx-light HTTP tests
test nginx-dev carnet's module for nginx
test spawn-fcgi HTTP tests: FastCGI programs that no web server starts
test lighttpd-mod-openssl HTTP tests: certificates of clients
test lighttpd-modules-lua HTTP tests: a guarded program behind a proxy
test php-cgi HTTP tests: a guarded PHP script
test perl HTTP tests: a guarded CGI script
test php-cli HTTP tests: a site's program in PHP
test php-sqlite3 HTTP tests: a site's program in PHP
test php-mysql HTTP tests: a site's program in PHP
test sasl2-bin HTTP tests: passwords that saslauthd checks
test slapd HTTP tests: passwords that are in LDAP
test libpq-dev PostgreSQL as the database
test postgresql PostgreSQL as the database
test pgbouncer PostgreSQL behind a pooler
test python3-psycopg2 looks into PostgreSQL
test fcgiwrap HTTP tests: CGI under nginx
test systemd HTTP tests: systemd-analyze reads the units
test python3 the runner of all tests
test python3-pytest the runner of the HTTP tests
test python3-requests an HTTP client
test python3-requests-oauthlib a real OAuth client
test python3-authlib a real OAuth client
test python3-cryptography forged tokens
test python3-selenium drives the browser
test chromium the browser
test chromium-driver drives the browser
test clang the fuzz targets
test libclang-rt-dev the fuzz targets
test python3-zbar HTTP tests: reads a QR code
test python3-aiosmtpd HTTP tests: a mail server
test msmtp HTTP tests: a mailer
test sqlite3 HTTP tests: a site of Passport in SQLite
test mariadb-server HTTP tests: a site that has its people already
test python3-django its people come along
test strace HTTP tests: which files a program opens
test valgrind HTTP tests: what a request costs
test mandoc checks the manual pages
test build-essential the Debian package
test debhelper the Debian package
bench libfcgi-dev the programs that ours are held against
static libgmp-dev the static programs
static zlib1g-dev the static programs
deb build-essential the Debian package (make deb)
deb debhelper the Debian package (make deb)
deb apache2-dev its module of Apache
deb libpq-dev carnet-pgsql
deb nginx-dev its module of nginx
deb libcmocka-dev its unit tests
deb python3 its unit tests
lint clang-tidy make tidy
lint clang-format make fmt
lint mandoc make lint-man
cluster patroni three PostgreSQL that take each other's place (make cluster)
cluster python3-etcd Patroni speaks to etcd
cluster etcd-server who of them takes writes
cluster haproxy leads to the one that does, and to the front ends
cluster postgresql the database
cluster libpq-dev PostgreSQL as the database
cluster python3-requests the load
cluster python3-cryptography the load
cluster python3-psycopg2 looks into PostgreSQL
valgrind valgrind memory checks (make valgrind)
test libapache2-mod-auth-openidc HTTP tests: an app of others
test dovecot-imapd HTTP tests: an app of others
apps roundcube-core an app of others (make apps)
apps roundcube-sqlite3 an app of others (make apps)
apps npm apps of others (make apps)
apps python3-venv apps of others (make apps)
apps maven an app of others (make apps)
apps default-jdk-headless an app of others (make apps)
apps postgresql the database of an app of others (make apps)
mcp npm the MCP SDK for TypeScript (make mcp)
mcp python3-venv the MCP SDK for Python (make mcp)
bench wrk load
bench nghttp2-client load at a fixed rate (h2load)
bench strace system calls a request
bench openssl public keys for the peers
bench python3 the half of the bench that compares
bench glewlwyd a peer
bench apache2 a peer's server
bench apache2-dev mod_carnet
bench libapache2-mod-auth-openidc a peer
bench libapache2-mod-oauth2 a peer
bench nginx-light a peer's server
bench nginx-dev carnet's module for nginx
bench npm a peer (oidc-provider)
EOF
}

wanted=$1
missing=''
reasons=''
while read -r kind package reason; do
	case $wanted/$kind in
	all/*|*/build|"$kind/$kind") ;;
	test/run|bench/run|cluster/run|valgrind/run|test/static|bench/static) ;;
	*) continue ;;
	esac
	[ "$wanted" = all ] && printf '%-9s%-28s%s\n' "$kind" "$package" "$reason"
	# Many have it from elsewhere, and Debian's does not go with that.
	[ "$package" = npm ] && command -v npm >/dev/null && continue
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
	    grep -q '^install ok installed' && continue
	missing="$missing $package"
	reasons="$reasons
  $package: $reason"
done <<EOF
$(table)
EOF

[ -n "$missing" ] || exit 0
echo "missing:$reasons" >&2
if ! command -v apt-get >/dev/null; then
	echo 'This is no Debian: install these by its own means.' >&2
	exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "As root: apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi
echo "installing:$missing" >&2
# RUNLEVEL=1: a web server that is installed here must not be started by that
$as_root apt-get update -qq >&2
# shellcheck disable=SC2086
$as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends $missing >&2
