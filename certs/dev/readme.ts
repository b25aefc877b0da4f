/** Text of README.md in the folder of a throw-away PKI. */
export const README = `# Throw-away PKI

Made by \`lienthong dev-pki\` for trying things out. Nothing here has legal force: the names are invented, and whoever can read this
folder can sign as anyone in it. Delete it when you are done.

| path | what |
|---|---|
| \`trust/root.pem\` | the anchor; give it to \`--trust\` and \`--trust-tsa\` |
| \`certificates/*.pem\` | every certificate: root, issuing CA, officer, seal, TSA, OCSP responder |
| \`keys/officer.p12\`, \`keys/officer.passphrase\` | an officer's key (RSA-2048) |
| \`keys/seal.p12\`, \`keys/seal.passphrase\` | an agency's seal (ECDSA P-256) |
| \`authorities/\` | keys of the CAs, the TSA and the OCSP responder, for \`sandbox/pki\`; \`state.json\` lists what was issued and revoked |

Key files are PKCS#12 with AES-256; each has its own random passphrase. Look inside one with

    openssl pkcs12 -info -in keys/officer.p12 -passin file:keys/officer.passphrase -nokeys

Check a certificate with

    openssl verify -x509_strict -CAfile trust/root.pem -untrusted certificates/issuing.pem certificates/officer.pem

Sign and verify with

    lienthong sign FILE.pdf --out SIGNED.pdf --p12 keys/officer.p12 --passphrase-file keys/officer.passphrase
    lienthong verify SIGNED.pdf --trust trust

Time-stamps (\`http://127.0.0.1:8318/tsa\`), OCSP and CRLs are served, for as long as it runs, by

    node dist/sandbox/pki/main.js --dir .

They are on this machine, where \`lienthong\` calls nothing that a certificate names unless it is told to:

    export LIENTHONG_OUTBOUND_ALLOW=127.0.0.1:8318
`;
