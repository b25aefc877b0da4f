import { describe, expect, it } from 'vitest';
import { isXmpPacket } from '../../../../src/formats/pdf/diff/xmp.ts';

const packet = (inner: string, head = ''): Buffer => Buffer.from(`<?xpacket begin="\ufeff" id="W5M0"?>${head}<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk='any'>${inner}</x:xmpmeta>\n<?xpacket end="w"?>`, 'utf8');
const RDF = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""><!-- note --><dc:title>Quyết định &amp; phụ lục &#233;</dc:title><a/></rdf:Description></rdf:RDF>';

describe('what may replace a metadata stream (ISO 16684-1 §7)', () => {
  it('accepts a packet, with byte order mark or without', () => {
    expect(isXmpPacket(packet(RDF))).toBe(true);
    expect(isXmpPacket(Buffer.concat([Buffer.from('\ufeff', 'utf8'), packet('')]))).toBe(true);
    expect(isXmpPacket(packet('<![CDATA[a < b]]>'))).toBe(true);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no XML', Buffer.from('q Q BT ET')],
    ['another root', Buffer.from('<rdf:RDF xmlns:rdf="x"></rdf:RDF>')],
    ['another namespace', Buffer.from('<x:xmpmeta xmlns:x="other"></x:xmpmeta>')],
    ['a document type', packet('', '<!DOCTYPE x [<!ENTITY a "b">]>')],
    ['an entity', packet('&a;')],
    ['an open element', packet('<a><b></a>')],
    ['an element too many', packet('</a>')],
    ['two roots', Buffer.concat([packet(''), packet('')])],
    ['text outside', Buffer.from('x<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')],
    ['an attribute without quotes', packet('<a b=c/>')],
    ['an open comment', packet('<!-- ')],
    ['bytes that are not UTF-8', Buffer.concat([packet(''), Uint8Array.of(0xff)])],
    ['nesting without end', packet('<a>'.repeat(300) + '</a>'.repeat(300))],
  ])('refuses %s', (_, bytes) => {
    expect(isXmpPacket(bytes)).toBe(false);
  });
});
