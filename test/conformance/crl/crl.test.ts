import { testTable } from '../table.ts';
import { outcomes } from './suite.ts';

testTable({ name: 'crl', vectors: 'boringssl-pki', outcomes, total: 66 });
