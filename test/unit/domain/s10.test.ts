import { describe, expect, it } from 'vitest';
import { readS10, s10CheckDigit } from '../../../src/domain/s10.ts';

describe('UPU S10-12', () => {
  it.each([
    ['47312482', 9],
    ['47110815', 1],
    ['00071761', 8],
    ['00071759', 5],
    ['96633102', 0],
    ['76129403', 8],
    ['10000014', 0],
    ['10000002', 5],
    ['00000000', 5],
  ])('gives the check digit of %s', (serial, digit) => {
    expect(s10CheckDigit(serial)).toBe(digit);
  });

  it.each([
    ['RR473124829GB', { service: 'RR', serial: '47312482', country: 'GB', isCheckDigitRight: true, isReserved: false }],
    [' ee 471 108 151 fr', { service: 'EE', serial: '47110815', country: 'FR', isCheckDigitRight: true, isReserved: false }],
    ['EB000717618HK', { isCheckDigitRight: true }],
    ['EB000717595HK', { isCheckDigitRight: true }],
    ['EB000717596HK', { isCheckDigitRight: false }],
    ['TT473124829GB', { isReserved: true }],
  ])('reads %s', (text, facts) => {
    expect(readS10(text)).toMatchObject(facts);
  });

  it.each(['', 'PMW123456789', 'RR473124829', 'R1473124829GB', 'RR47312482XGB', 'RR473124829GB1'])('does not take %s for such a number', (text) => {
    expect(readS10(text)).toBeNull();
  });
});
