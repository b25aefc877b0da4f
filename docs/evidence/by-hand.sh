#!/usr/bin/env bash
# The check of docs/evidence.md, step by step: unzip, sha256sum, xmllint and openssl, nothing of the gateway.
# usage: by-hand.sh FILE ANCHORS.pem [TSA.pem]     exit: 0 all of it holds, 1 something does not
set -Eeuo pipefail
file=$(realpath "$1") anchors=$(realpath "$2") tsa=$(realpath "${3:-$2}")
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
bad() { trap - ERR; echo "NOT VALID: $*"; exit 1; }
trap 'bad "the step on line $LINENO failed"' ERR
hex() { xxd -p -c 4096; }
member() { grep -o "\"$1\":[^,}]*" "$2" | head -1 | cut -d: -f2- | tr -d '"'; }  # of canonical JSON

# 1. The ZIP file is sound and says one thing only
unzip -tq "$file" > /dev/null 2>&1 || bad 'unzip finds it damaged'
zipinfo -1 "$file" > names
[ "$(head -1 names)" = mimetype ] || bad 'mimetype is not first'
[ -z "$(tr '[:upper:]' '[:lower:]' < names | sort | uniq -d)" ] || bad 'two entries are one file'
grep -qE '(^/|\\|:|(^|/)\.{1,2}(/|$))' names && bad 'a name leads elsewhere'
zipinfo "$file" > listing; grep -qE '^l' listing && bad 'an entry is a link'
[ "$(head -c 69 "$file" | tail -c 31)" = application/vnd.etsi.asic-e+zip ] || bad 'mimetype is another, or compressed'
zipinfo -v "$file" > fields
awk '/compression method:/ {m=$NF} / compressed size:/ && !/un/ {c=$(NF-1)} /uncompressed size:/ {if (!(m=="deflated" || (m=="(stored)" && c==$(NF-1)))) exit 1}' fields || bad 'an entry is compressed in another way than it says'
awk '/offset of local header from start/ {o=$NF} /compressed size: / && !/un/ {c=$(NF-1)} /length of filename/ {l=$(NF-1); print o, 30+l+c}' fields | sort -n > places
awk 'NR>1 && ($1-end<0 || ($1-end!=0 && $1-end!=12 && $1-end!=16)) {exit 1} {end=$1+$2}' places || bad 'bytes between entries'
[ "$(head -1 places | cut -d' ' -f1)" = 0 ] || bad 'bytes before the first entry'
[ "$(tail -c 22 "$file" | head -c 4 | hex)" = 504b0506 ] || bad 'bytes behind the directory'
unzip -qq -n "$file" > /dev/null 2>&1 || bad 'it cannot be unpacked'
paste -d' ' <(awk '/32-bit CRC value/ {print $NF}' fields) names | while read -r crc name; do  # the directory says the same as the entries
  [ "$(gzip -cn "$name" | tail -c 8 | head -c 4 | hex | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/')" = "$crc" ] || exit 1
done || bad 'the directory has another checksum than the content'

# 2. Each manifest: signature, objects, place in the log, time-stamp
cat META-INF/certificates/*.cer 2> /dev/null > /dev/null && for one in META-INF/certificates/*.cer; do openssl x509 -inform DER -in "$one"; done > carried.pem || cp "$anchors" carried.pem
named=$'mimetype\n'
for manifest in META-INF/ASiCManifest*.xml; do
  suffix=${manifest#META-INF/ASiCManifest} suffix=${suffix%.xml} signature=META-INF/signature$suffix.p7s proof=META-INF/proof$suffix.json
  [ "$(xmllint --nonet --xpath 'string(//*[local-name()="SigReference"]/@URI)' "$manifest")" = "$signature" ] || bad "$manifest names another signature"
  openssl cms -verify -binary -inform DER -in "$signature" -content "$manifest" -CAfile "$anchors" -certfile carried.pem -purpose any -out /dev/null 2> /dev/null || bad "$signature does not hold"
  paste -d' ' <(xmllint --xpath '//*[local-name()="DataObjectReference"]/@URI' "$manifest" | sed 's/.*="\(.*\)"/\1/') \
    <(xmllint --xpath '//*[local-name()="DigestValue"]/text()' "$manifest") > objects
  while read -r name digest; do
    named+="$name"$'\n'
    digest=$(base64 -d <<< "$digest" | hex)
    if [ -e "$name" ]; then [ "$(sha256sum "$name" | cut -d' ' -f1)" = "$digest" ] || bad "$name was changed"
    else grep -qs "\"name\":\"$name\",\"sha256\":\"$digest\"" META-INF/receipt-erased-*.json || bad "$name is missing"; echo "$name: content erased"; fi
  done < objects
  note=$(member checkpoint "$proof") size=$(member size "$proof") index=$(member index "$proof") key=$(member logKey "$proof")
  salt=$(grep -o '"salt":"[^"]*"' "$proof" | cut -d'"' -f4) tokens=$(grep -o '"META-INF/log/[^"]*\.tst"' "$proof" | tr -d '"')
  node=$( (printf '\0'; (base64 -d <<< "$salt"; openssl dgst -sha256 -binary "$signature") | openssl dgst -sha256 -binary) | openssl dgst -sha256 -binary | hex)
  fn=$index sn=$((size - 1))
  for sibling in $(grep -o '"path":\[[^]]*\]' "$proof" | grep -o '"[A-Za-z0-9+/=]\{44\}"' | tr -d '"'); do
    [ "$sn" -gt 0 ] || bad 'the path is too long'
    sibling=$(base64 -d <<< "$sibling" | hex)
    if [ $((fn & 1)) = 1 ] || [ "$fn" = "$sn" ]; then
      node=$(xxd -r -p <<< "01$sibling$node" | openssl dgst -sha256 -binary | hex)
      while [ $((fn & 1)) = 0 ] && [ "$fn" -gt 0 ]; do fn=$((fn >> 1)) sn=$((sn >> 1)); done
    else node=$(xxd -r -p <<< "01$node$sibling" | openssl dgst -sha256 -binary | hex); fi
    fn=$((fn >> 1)) sn=$((sn >> 1))
  done
  [ "$sn" = 0 ] && [ "$(sed -n 2p "$note")" = "$size" ] && [ "$(sed -n 3p "$note" | base64 -d | hex)" = "$node" ] || bad "$signature is not in the log"
  head -3 "$note" > text; [ "$(sed -n 1p "$note")" = "${key%%+*}" ] && [ -z "$(sed -n 4p "$note")" ] || bad 'the checkpoint is of another log'
  (xxd -r -p <<< 302a300506032b6570032100; cut -d+ -f3- <<< "$key" | base64 -d | tail -c 32) > log.der
  sed -n 5p "$note" | cut -d' ' -f3 | base64 -d | tail -c 64 > value
  openssl pkeyutl -verify -pubin -inkey log.der -keyform DER -rawin -in text -sigfile value > /dev/null 2>&1 || bad 'the checkpoint is not signed by the log'
  [ -n "$tokens" ] || bad 'no time-stamp'
  for token in $tokens; do openssl ts -verify -token_in -in "$token" -data "$note" -CAfile "$tsa" -untrusted carried.pem > /dev/null 2>&1 || bad "$token does not hold"; done
  named+="$manifest"$'\n'"$signature"$'\n'"$proof"$'\n'"$note"$'\n'"$tokens"$'\n'
done

# 3. Receipts are about this message, and nothing else lies in the container
own=$(sha256sum manifest.json | cut -d' ' -f1)
for receipt in META-INF/receipt-*.json; do [ ! -e "$receipt" ] || { grep -q "\"manifestSha256\":\"$own\",\"messageId\":\"$(member messageId manifest.json)\"" "$receipt" && grep -qxF "$receipt" <<< "$named"; } || bad "$receipt is about another message"; done
[ "$(member bodySha256 manifest.json)" = "$(xmllint --xpath 'string(//*[@URI="body.json"]/*[local-name()="DigestValue"])' META-INF/ASiCManifest.xml | base64 -d | hex)" ] || bad 'the manifests do not agree'
while read -r name; do
  grep -qxF "$name" <<< "$named" || grep -qxE 'META-INF/(README\.(vi|en)\.txt|certificates/[0-9a-f]{64}\.cer|revocation/[0-9a-f]{64}\.(crl|ors))' <<< "$name" || bad "no manifest names $name"
done < names
echo VALID
