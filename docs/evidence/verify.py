#!/usr/bin/env python3
"""Checks an evidence container of a Lien Thong Gateway without the gateway: Python's standard library and openssl.

usage: verify.py FILE --trust ANCHORS.pem [--trust-tsa TSA.pem] [--log-key NAME+ID+KEY]
exit: 0 all of it holds, 1 something does not, 2 wrong call. Shares no code with the gateway.
"""
import argparse, base64, binascii, hashlib, json, os, re, struct, subprocess, sys, tempfile, unicodedata, zlib
import xml.etree.ElementTree as ET
from urllib.parse import unquote

ASIC, DS = '{http://uri.etsi.org/02918/v1.2.1#}', '{http://www.w3.org/2000/09/xmldsig#}'
KNOWN = re.compile(r'META-INF/(README\.(vi|en)\.txt|certificates/[0-9a-f]{64}\.cer|revocation/[0-9a-f]{64}\.(crl|ors))$')
ED25519_SPKI = bytes.fromhex('302a300506032b6570032100')
MOST = 2 * 1024 ** 3


class Bad(Exception):
    pass

def demand(holds, why):
    if not holds:
        raise Bad(why)


def read_zip(data):
    """Every entry, read so that no two readers can differ: PKWARE APPNOTE 6.3, EN 319 162-1 A.1."""
    demand(len(data) > 22 and data[-22:-18] == b'PK\5\6', 'no ZIP file, or bytes behind its directory')
    disk, disk2, count, count2, size, offset, comment = struct.unpack('<4H2LH', data[-18:])
    demand(disk == disk2 == comment == 0 and count == count2 and offset + size == len(data) - 22, 'directory is not the end of the file')
    files, at, entries = {}, offset, []
    for _ in range(count):
        demand(data[at:at + 4] == b'PK\1\2', 'directory is damaged')
        made, _, flags, method, _, _, crc, csize, usize, n, x, c, _, _, attributes, local = struct.unpack('<6H3L5H2L', data[at + 4:at + 46])
        entries.append((local, data[at + 46:at + 46 + n], flags, method, crc, csize, usize, made, attributes))
        at += 46 + n + x + c
    demand(at == offset + size, 'directory has bytes that no entry owns')
    expected, folded, total = 0, set(), 0
    for local, raw, flags, method, crc, csize, usize, made, attributes in sorted(entries):
        demand(local == expected and data[local:local + 4] == b'PK\3\4', 'bytes between entries, or entries share bytes')
        lflags, lmethod, _, _, lcrc, lcsize, lusize, n, x = struct.unpack('<3H2H3L2H', data[local + 6 - 2:local + 30])[1:]
        demand(data[local + 30:local + 30 + n] == raw and lflags == flags and lmethod == method, 'the two headers of an entry do not agree')
        demand(not flags & 1 and method in (0, 8) and not (made >> 8 == 3 and (attributes >> 16) & 0o170000 == 0o120000), 'encrypted, link, or unknown method')
        start = local + 30 + n + x
        body = data[start:start + csize]
        if flags & 8:
            follows = data[start + csize:start + csize + 16]
            demand(follows[:12] == struct.pack('<3L', crc, csize, usize) or follows == struct.pack('<4sL2L', b'PK\7\10', crc, csize, usize), 'descriptor does not agree')
            expected = start + csize + (16 if follows[:4] == b'PK\7\10' else 12)
        else:
            demand((lcrc, lcsize, lusize) == (crc, csize, usize), 'the two headers of an entry do not agree')
            expected = start + csize
        name = raw.decode('utf-8')
        total += usize
        demand(total < MOST and (usize <= 1 << 20 or usize <= 100 * csize), 'it grows out of proportion')
        if method == 8:
            inflate = zlib.decompressobj(-15)
            content = inflate.decompress(body, usize + 1)
            demand(inflate.eof and not inflate.unused_data, 'an entry is damaged')
        else:
            content = body
        demand(len(content) == usize and binascii.crc32(content) == crc, name + ' is damaged')
        key = unicodedata.normalize('NFC', name).lower()
        demand(key not in folded and name == unicodedata.normalize('NFC', name), 'two entries are one file')
        demand(re.match(r'^[^/\\:\x00-\x1f]+(/[^/\\:\x00-\x1f]+)*$', name) and not re.search(r'(^|/)\.{1,2}(/|$)|[ .](/|$)', name), 'a name leads elsewhere')
        folded.add(key)
        if not files:
            demand(name == 'mimetype' and method == 0 and x == 0 and content == b'application/vnd.etsi.asic-e+zip', 'mimetype is not first, or another')
        files[name] = content
    demand(expected == offset, 'bytes before the directory')
    del files['mimetype']
    return files


def openssl(*arguments, **files):
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, content in files.items():
            paths[name] = os.path.join(folder, name)
            with open(paths[name], 'wb') as out:
                out.write(content)
        done = subprocess.run(['openssl'] + [paths.get(a[1:], a) if a.startswith('@') else a for a in arguments], capture_output=True)
        return done.returncode == 0


def sha256(*parts):
    return hashlib.sha256(b''.join(parts)).digest()


def root_of(index, size, leaf, path):
    """RFC 9162 2.1.3.2: the root that leaf, index and path lead to."""
    fn, sn, value = index, size - 1, leaf
    demand(0 <= index < size, 'leaf index is beyond the tree')
    for sibling in path:
        demand(sn, 'the path is too long')
        if fn & 1 or fn == sn:
            value = sha256(b'\1', sibling, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = sha256(b'\1', value, sibling)
        fn, sn = fn >> 1, sn >> 1
    return value if sn == 0 else None


def check_note(note, vkey):
    """C2SP signed-note and tlog-checkpoint: size and root, signed by the log's key."""
    name, key_id, encoded = vkey.split('+', 2)
    key = base64.b64decode(encoded)
    demand(key[0] == 1 and len(key) == 33 and sha256(name.encode() + b'\n' + key)[:4].hex() == key_id, 'the log key is none')
    text, signatures = note.decode('utf-8').rsplit('\n\n', 1)
    text += '\n'
    lines = [line.split(' ') for line in signatures.rstrip('\n').split('\n')]
    own = [base64.b64decode(line[2]) for line in lines if line[0] == '\u2014' and line[1] == name and base64.b64decode(line[2])[:4].hex() == key_id]
    good = [openssl('pkeyutl', '-verify', '-pubin', '-inkey', '@key', '-keyform', 'DER', '-rawin', '-in', '@text', '-sigfile', '@sig', key=ED25519_SPKI + key[1:], text=text.encode(), sig=value[4:]) for value in own]
    demand(good and all(good) and text.split('\n')[0] == name, 'the checkpoint is not signed by the log')
    return int(text.split('\n')[1]), base64.b64decode(text.split('\n')[2])


def check_signature(files, entry, trust, tsa, pinned):
    """One manifest: its objects by digest, its CAdES signature, its place in the log, the time that proves. Returns name and objects."""
    suffix = re.match(r'META-INF/ASiCManifest(-.+)?\.xml$', entry).group(1) or ''
    demand(b'<!DOCTYPE' not in files[entry], 'a manifest has a DOCTYPE')
    tree = ET.fromstring(files[entry])
    signature = 'META-INF/signature' + suffix + '.p7s'
    demand(tree.tag == ASIC + 'ASiCManifest' and tree.find(ASIC + 'SigReference').get('URI') == signature and signature in files, entry + ' names another signature')
    objects = {}
    for reference in tree.findall(ASIC + 'DataObjectReference'):
        demand(reference.find(DS + 'DigestMethod').get('Algorithm').endswith('xmlenc#sha256') and not reference.findall('.//' + ASIC + 'Extension'), 'another digest')
        objects[unquote(reference.get('URI'))] = base64.b64decode(reference.find(DS + 'DigestValue').text)
    proof = json.loads(files['META-INF/proof' + suffix + '.json'])
    note, vkey = files[proof['checkpoint']], proof['logKey']
    demand(pinned in (None, vkey), 'it is of another log')
    size, root = check_note(note, vkey)
    leaf = sha256(b'\0', sha256(base64.b64decode(proof['leaf']['salt']), sha256(files[signature])))
    demand(size == proof['tree']['size'] and root_of(proof['leaf']['index'], size, leaf, [base64.b64decode(h) for h in proof['tree']['path']]) == root, signature + ' is not in the log')
    demand(proof['timestamps'], 'no time-stamp')
    carried = b''.join(b'-----BEGIN CERTIFICATE-----\n' + base64.encodebytes(files[name]) + b'-----END CERTIFICATE-----\n' for name in files if name.endswith('.cer')) or open(trust, 'rb').read()
    for token in proof['timestamps']:
        demand(openssl('ts', '-verify', '-token_in', '-in', '@token', '-data', '@note', '-CAfile', tsa, '-untrusted', '@carried', token=files[token], note=note, carried=carried), token + ' does not hold')
    demand(openssl('cms', '-verify', '-binary', '-inform', 'DER', '-in', '@sig', '-content', '@content', '-CAfile', trust, '-certfile', '@carried', '-purpose', 'any', '-out', os.devnull, sig=files[signature], content=files[entry], carried=carried), signature + ' does not hold')
    return suffix, objects, {entry, signature, 'META-INF/proof' + suffix + '.json', proof['checkpoint'], *proof['timestamps'], *objects}


def check_own(own, receipt):
    """What the recipient signed with a key of its own (RFC 9421): the text, the body's digest in it, the message in the body."""
    key, value, body = (base64.b64decode(own[name]) for name in ('spki', 'signature', 'body'))
    if own['algorithm'].startswith('ecdsa'):  # r and s side by side -> DER
        numbers = [(b'\0' if half[0] & 0x80 else b'') + half for half in (part.lstrip(b'\0') for part in (value[:len(value) // 2], value[len(value) // 2:]))]
        value = b''.join(bytes([2, len(n)]) + n for n in numbers)
        value = bytes([0x30, len(value)]) + value
    dgst = ['dgst', '-keyform', 'DER', '-verify', '@key', '-signature', '@sig']
    how = {'ecdsa-p256-sha256': dgst + ['-sha256', '@base'], 'ecdsa-p384-sha384': dgst + ['-sha384', '@base'], 'rsa-v1_5-sha256': dgst + ['-sha256', '@base'],
           'rsa-pss-sha512': dgst + ['-sha512', '-sigopt', 'rsa_padding_mode:pss', '@base'], 'ed25519': ['pkeyutl', '-verify', '-pubin', '-inkey', '@key', '-keyform', 'DER', '-rawin', '-in', '@base', '-sigfile', '@sig']}
    covered = [':%s:' % base64.b64encode(hashlib.new(name, body).digest()).decode() for name in ('sha256', 'sha512')]
    line = [one for one in own['base'].split('\n') if one.startswith('"content-digest": ')][0]
    demand(openssl(*how[own['algorithm']], key=key, sig=value, base=own['base'].encode()) and any(one in line for one in covered), 'the recipient\'s own signature does not hold')
    demand(json.loads(body)['manifestSha256'] == receipt['manifestSha256'] and json.loads(body)['messageId'] == receipt['messageId'], 'it is about another message')


def verify(data, trust, tsa, pinned):
    files = read_zip(data)
    manifests = {entry for entry in files if re.match(r'META-INF/ASiCManifest[^/]*\.xml$', entry)}
    checked = {suffix: (objects, used) for suffix, objects, used in (check_signature(files, entry, trust, tsa, pinned) for entry in sorted(manifests))}
    demand('' in checked, 'no ASiCManifest.xml')
    strangers = [name for name in files if not KNOWN.match(name) and not any(name in used for _, used in checked.values())]
    demand(not strangers, 'no manifest names ' + ', '.join(strangers))
    said = json.loads(files['manifest.json'])
    demand(json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(',', ':')).encode() == files['manifest.json'], 'manifest.json is not canonical')
    own, erased = hashlib.sha256(files['manifest.json']).hexdigest(), {}
    for suffix, (objects, _) in checked.items():
        if suffix:
            demand(all(sha256(files[name]) == digest for name, digest in objects.items()), suffix + ' was changed')
            receipt = json.loads(files['META-INF/receipt' + suffix + '.json'])
            demand('META-INF/receipt' + suffix + '.json' in objects and receipt['manifestSha256'] == own and receipt['messageId'] == said['messageId'], suffix + ' is about another message')
            if receipt.get('signedBy') == 'recipient' or 'META-INF/own-signature' + suffix + '.json' in files:
                check_own(json.loads(files['META-INF/own-signature' + suffix + '.json']), receipt)
            erased.update({o['name']: (o['sha256'], receipt['procedure'] + ': ' + receipt['basis']) for o in receipt.get('objects', [])})
            print('  %s %s %s' % (receipt['kind'], receipt.get('recipient', ''), receipt['at']))
    objects = checked[''][0]
    wanted = [own, said['bodySha256']] + [part['sha256'] for part in said['parts']]
    demand([d.hex() for d in objects.values()] == wanted and list(objects)[:2] == ['manifest.json', 'body.json'] and not any(n.startswith('META-INF/') for n in objects), 'the manifests do not agree')
    for name, digest in objects.items():
        gone = name not in files and erased.get(name, ('', ''))
        demand(gone[0] == digest.hex() if gone is not False else sha256(files[name]) == digest, name + (' is missing' if gone is not False else ' was changed'))
        print('  %s %s' % (name, digest.hex() if gone is False else 'content erased under ' + gone[1]))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('file')
    for option in ('--trust', '--trust-tsa', '--log-key'):
        parser.add_argument(option, required=option == '--trust')
    given = parser.parse_args()
    try:
        with open(given.file, 'rb') as container:
            verify(container.read(), given.trust, given.trust_tsa or given.trust, given.log_key)
        print('VALID')
    except (Bad, KeyError, ValueError, TypeError, AttributeError, IndexError, ET.ParseError, struct.error, zlib.error, UnicodeError) as fault:
        print('NOT VALID:', fault)
        sys.exit(1)
