#!/usr/bin/env bash
# Makes the demonstration's own certificate authority and the certificates of one server, one
# gateway and one operator. Keys stay in the folder given; nothing of it is for production use.
#
#   certificates.sh DIRECTORY
set -euo pipefail

directory=${1:?usage: certificates.sh DIRECTORY}
days=30

if [ -f "$directory/operator.pem" ] &&
   openssl x509 -checkend 86400 -noout -in "$directory/operator.pem" >/dev/null; then
  exit 0
fi
rm -rf "$directory"
mkdir -p "$directory"
chmod 0700 "$directory"
cd "$directory"
umask 077

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null; }

new_key ca
openssl req -x509 -new -key ca.key -days "$days" -subj "/CN=Cloister demonstration CA" \
  -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
  -out ca.pem

# issue NAME SUBJECT-ALTERNATIVE-NAME EXTENDED-KEY-USAGE
issue() {
  new_key "$1"
  openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
  printf 'subjectAltName=%s\nextendedKeyUsage=%s\nkeyUsage=critical,digitalSignature\n' "$2" "$3" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$days" \
    -extfile "$1.ext" -out "$1.pem" 2>/dev/null
  rm "$1.csr" "$1.ext"
}

issue server "DNS:localhost,IP:127.0.0.1" serverAuth
issue gateway "DNS:gateway.demo.invalid" clientAuth
issue operator "DNS:operator.demo.invalid" clientAuth
