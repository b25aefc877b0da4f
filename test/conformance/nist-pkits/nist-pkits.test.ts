import { testTable } from '../table.ts';
import { outcomes } from './suite.ts';

testTable({ name: 'nist-pkits', vectors: 'nist-pkits', outcomes, total: 249 });
