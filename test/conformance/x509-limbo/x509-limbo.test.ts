import { testTable } from '../table.ts';
import { outcomes } from './suite.ts';

testTable({ name: 'x509-limbo', vectors: 'x509-limbo', outcomes: () => outcomes(), total: 208 });
