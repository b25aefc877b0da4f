import { testTable } from '../table.ts';
import { outcomes } from './suite.ts';

testTable({ name: 'boringssl-chain', vectors: 'boringssl-pki', outcomes, total: 189 });
