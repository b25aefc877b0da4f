import { testTable } from '../table.ts';
import { outcomes } from './suite.ts';

testTable({ name: 'ocsp', vectors: 'openssl-ocsp', outcomes, total: 65 });
