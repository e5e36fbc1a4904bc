/**
 * `verify.sh` of an evidence pack: POSIX sh with openssl (3 or newer), sed, grep and coreutils. It judges the files by keys
 * that the reader got by another way (`--trust FOLDER`), and names each file that does not hold.
 */
export const verifyScript = String.raw`#!/bin/sh
# Verifies an evidence pack of Quarterdeck with openssl (3 or newer), sed, grep and coreutils alone.
#
#   sh verify.sh --trust FOLDER [--demo] [PACK]
#
# FOLDER holds the public keys (*.pem) that you got from the operator by another way: P-256 keys of attestations and the
# Ed25519 key of the audit log. Keys inside the pack prove nothing. --demo accepts what local personas did.
# PACK is the unpacked folder; left out, the folder of this script. Keep a copy of this script that you trust.
# Exit code: 0 everything holds; 1 something does not, each named on a line; 2 cannot tell.
set -u
LC_ALL=C
export LC_ALL
trust='' demo=0 pack=''
while [ $# -gt 0 ]; do
  case $1 in
    --trust) trust=\${2:-}; shift; [ $# -gt 0 ] && shift ;;
    --demo) demo=1; shift ;;
    *) pack=$1; shift ;;
  esac
done
[ -n "$pack" ] || pack=$(dirname "$0")
cannot() { echo "cannot tell: $*" >&2; exit 2; }
[ -f "$pack/SHA256SUMS" ] || cannot "$pack has no SHA256SUMS: is it an unpacked evidence pack?"
command -v openssl >/dev/null || cannot 'openssl is needed'
tmp=$(mktemp -d) || cannot 'no temporary folder'
trap 'rm -rf "$tmp"' EXIT
bad=0
fail() { echo "$1: $2"; bad=$((bad + 1)); }
sum() { openssl dgst -sha256 -r "$1" | cut -c1-64; }
size() { wc -c <"$1" | tr -d ' '; }

# 1. Every file is the one that was packed, and there is no other.
sed '$d' "$pack/SHA256SUMS" >"$tmp/sums"
if [ "$(tail -n 1 "$pack/SHA256SUMS")" != "# $(sum "$tmp/sums")" ]; then
  fail SHA256SUMS 'the list of files was altered'
else
  while IFS= read -r line; do
    want=$(printf '%s' "$line" | cut -c1-64) name=$(printf '%s' "$line" | cut -c67-)
    if [ ! -f "$pack/$name" ]; then fail "$name" 'is missing'
    elif [ "$(sum "$pack/$name")" != "$want" ]; then fail "$name" 'was altered'; fi
  done <"$tmp/sums"
  (cd "$pack" && find . -type f) | sed 's|^\./||' | grep -vx SHA256SUMS | while IFS= read -r name; do
    grep -qF "  $name" "$tmp/sums" || echo "$name"
  done >"$tmp/extra"
  while IFS= read -r name; do fail "$name" 'is not of this pack'; done <"$tmp/extra"
fi
if [ "$bad" -gt 0 ]; then echo "NOT SOUND: $bad findings; nothing else was looked at"; exit 1; fi

# 2. Keys. The id of a signing key is its OpenSSH fingerprint.
[ -n "$trust" ] || cannot 'the files are those that were packed, which anybody could have done: give --trust FOLDER with the keys that you got by another way'
for pem in "$trust"/*.pem; do
  openssl pkey -pubin -in "$pem" -outform DER -out "$tmp/der" 2>/dev/null || continue
  case $(size "$tmp/der") in
    91)
      { printf '\000\000\000\023ecdsa-sha2-nistp256\000\000\000\010nistp256\000\000\000\101'; tail -c 65 "$tmp/der"; } >"$tmp/ssh"
      id=$(openssl dgst -sha256 -binary "$tmp/ssh" | base64 | tr -d '=\n')
      echo "SHA256:$id $pem" >>"$tmp/keys" ;;
    44) echo "$pem" >>"$tmp/logkeys" ;;
  esac
done
[ -f "$tmp/keys" ] || cannot "$trust holds no P-256 public key in PEM"

# 3. Attestations: DSSE envelopes in one fixed form.
: >"$tmp/digests"
form='^{"payload":"\([A-Za-z0-9+/=]*\)","payloadType":"application/vnd.in-toto+json","signatures":\[{"keyid":"\(SHA256:[A-Za-z0-9+/]*\)","sig":"\([A-Za-z0-9+/=]*\)"}\]}$'
for file in "$pack"/attestations/*.dsse.json; do
  [ -f "$file" ] || continue
  name=attestations/$(basename "$file")
  payload=$(sed -n "s|$form|\1|p" "$file") keyid=$(sed -n "s|$form|\2|p" "$file") sig=$(sed -n "s|$form|\3|p" "$file")
  if [ -z "$payload" ] || [ -z "$sig" ]; then fail "$name" 'is not an envelope in its fixed form'; continue; fi
  printf '%s' "$payload" | base64 -d >"$tmp/payload" 2>/dev/null && printf '%s' "$sig" | base64 -d >"$tmp/sig" 2>/dev/null ||
    { fail "$name" 'is not base64'; continue; }
  key=$(grep -F "$keyid " "$tmp/keys" | head -n 1 | cut -d' ' -f2-)
  if [ -z "$key" ]; then fail "$name" "no trusted key has the id $keyid"; continue; fi
  { printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(size "$tmp/payload")"; cat "$tmp/payload"; } >"$tmp/pae"
  if ! openssl dgst -sha256 -verify "$key" -signature "$tmp/sig" "$tmp/pae" >/dev/null 2>&1; then
    fail "$name" "the signature is not that of $keyid"; continue
  fi
  if grep -qE '"issuer":"quarterdeck-personas"|"QUARTERDECK_DEMO"' "$tmp/payload" && [ "$demo" = 0 ]; then
    fail "$name" 'a local persona made it (QUARTERDECK_DEMO), which proves nothing about people; --demo accepts it'; continue
  fi
  sum "$tmp/payload" >>"$tmp/digests"
  sed -n 's|.*"inputAttestations":\[\([^]]*\)\].*|\1|p' "$tmp/payload" | grep -oE '"sha256":"[0-9a-f]{64}"' |
    cut -d'"' -f4 | sed "s|$| $name|" >>"$tmp/inputs"
done
if [ -f "$tmp/inputs" ]; then
  while read -r digest name; do
    grep -qx "$digest" "$tmp/digests" || fail "$name" "rests on sha256:$digest, which is not verified here"
  done <"$tmp/inputs"
fi

# 4. The audit log's checkpoint, and each entry's inclusion in it.
be32() { printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 / 16777216 % 256)) $(($1 / 65536 % 256)) $(($1 / 256 % 256)) $(($1 % 256)))"; }
node() { { printf '\001'; cat "$1" "$2"; } | openssl dgst -sha256 -binary >"$tmp/next"; mv "$tmp/next" "$tmp/hash"; }
entries=0
if [ -f "$pack/checkpoint" ]; then
  [ -f "$tmp/logkeys" ] || cannot "$trust holds no Ed25519 public key in PEM, which the audit log's checkpoint needs"
  sed -n '1,3p' "$pack/checkpoint" >"$tmp/text"
  sed -n '5,$p' "$pack/checkpoint" | sed -n 's/^— [^ ]* \(.*\)$/\1/p' | head -n 1 | base64 -d 2>/dev/null | tail -c 64 >"$tmp/notesig"
  signed=0
  while IFS= read -r pem; do
    openssl pkeyutl -verify -pubin -inkey "$pem" -rawin -in "$tmp/text" -sigfile "$tmp/notesig" >/dev/null 2>&1 && signed=1
  done <"$tmp/logkeys"
  [ "$signed" = 1 ] || fail checkpoint 'no trusted key signed it'
  treesize=$(sed -n 2p "$pack/checkpoint") root=$(sed -n 3p "$pack/checkpoint")
  for leaf in "$pack"/audit/*.leaf; do
    [ -f "$leaf" ] || continue
    id=$(basename "$leaf" .leaf) base="$pack/audit/$(basename "$leaf" .leaf)" entries=$((entries + 1))
    sed '1,/^$/d' "$base.tlog-proof" | cmp -s - "$pack/checkpoint" || fail "audit/$id.tlog-proof" 'is for another checkpoint'
    fn=$(sed -n 's/^index \([0-9]\{1,15\}\)$/\1/p' "$base.tlog-proof" | head -n 1) sn=$((treesize - 1))
    if [ -z "$fn" ] || [ "$fn" -gt "$sn" ]; then fail "audit/$id.tlog-proof" 'has no index below the size'; continue; fi
    { printf '\000'; cat "$leaf"; } | openssl dgst -sha256 -binary >"$tmp/hash"
    sed -n '/^index /,/^$/p' "$base.tlog-proof" | sed '1d;/^$/d' >"$tmp/path"
    short=0
    while IFS= read -r sibling; do
      printf '%s' "$sibling" | base64 -d >"$tmp/sibling" 2>/dev/null
      if [ "$sn" -eq 0 ]; then short=1; break; fi
      if [ $((fn % 2)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
        node "$tmp/sibling" "$tmp/hash"
        while [ $((fn % 2)) -eq 0 ] && [ "$fn" -ne 0 ]; do fn=$((fn / 2)) sn=$((sn / 2)); done
      else
        node "$tmp/hash" "$tmp/sibling"
      fi
      fn=$((fn / 2)) sn=$((sn / 2))
    done <"$tmp/path"
    if [ "$short" = 1 ] || [ "$sn" -ne 0 ] || [ "$(base64 <"$tmp/hash" | tr -d '\n')" != "$root" ]; then
      fail "audit/$id.leaf" 'is not shown to be in the log'; continue
    fi
    grep -qF "\"id\":\"$id\"" "$leaf" || fail "audit/$id.leaf" 'is the leaf of another entry'
    [ -f "$base.json" ] || continue
    base64 -d <"$base.salt" >"$tmp/salt" 2>/dev/null
    { printf 'quarterdeck audit content v1\n'; be32 "$(size "$tmp/salt")"; cat "$tmp/salt"; be32 "$(size "$base.json")"; cat "$base.json"; } >"$tmp/framed"
    grep -qF "\"digest\":\"$(sum "$tmp/framed")\"" "$leaf" || fail "audit/$id.json" 'is not what the leaf commits to'
  done
fi
if [ "$bad" -gt 0 ]; then echo "NOT SOUND: $bad findings"; exit 1; fi
echo "sound: $(wc -l <"$tmp/digests" | tr -d ' ') attestations signed by trusted keys, $entries entries in the audit log"
`.replaceAll('\\$', '$')
