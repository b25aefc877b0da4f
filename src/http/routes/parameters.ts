import { z } from 'zod';
import { partnerId } from '../../formats/api/primitives.ts';

/** Parameters that several routes share. */

/** What is not a code is told as such by the route (DOSSIER_CODE_INVALID), so it is only capped here. */
export const dossierCodePath = z.strictObject({ code: z.string().max(64).meta({ description: 'Mã hồ sơ', examples: ['H57.12.03-261124-0001'] }) });

export const limitOf = (max: number, usual: number): z.ZodType<number> => z.coerce.number().int().min(1).max(max).default(usual);

export const partnerPath = z.strictObject({ code: partnerId });
