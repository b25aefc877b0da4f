import { z } from 'zod';

/** `GET /v1` */
export const entryPoint = z
  .strictObject({
    api: z.literal('v1'),
    description: z.string().describe('OpenAPI 3.1.'),
    page: z.string().describe('The same to read.'),
    unprovenConnectors: z.array(z.strictObject({ carrier: z.string(), provenAgainst: z.string() })).describe('Carriers whose connector was only run against a sandbox of our own: expect surprises.'),
  })
  .meta({ id: 'EntryPoint' });
export type EntryPointView = z.output<typeof entryPoint>;
