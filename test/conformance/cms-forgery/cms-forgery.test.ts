import { testTable } from '../table.ts';
import { outcomes } from './suite.ts';

testTable({ name: 'cms-forgery', vectors: 'pyhanko', outcomes, total: 22 });
