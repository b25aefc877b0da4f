import { testTable } from '../table.ts';
import { outcomes } from './suite.ts';

testTable({ name: 'tsp', vectors: 'rfc3161-client', outcomes, total: 10 });
