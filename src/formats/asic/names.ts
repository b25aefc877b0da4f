/** Of an associated signature extended container. @see ETSI EN 319 162-1 §4.4 */
export const ASIC_E = 'application/vnd.etsi.asic-e+zip';

const MAX_NAME_LENGTH = 200;
/** Names that Windows gives to devices, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

/** What is wrong with a name that shall be a file anywhere, as the end of a sentence; null: nothing. */
export function nameFault(name: string): string | null {
  const parts = name.split('/');
  if (name.length > MAX_NAME_LENGTH) return `has a name of more than ${MAX_NAME_LENGTH} characters`;
  if (name !== name.normalize('NFC')) return 'has a name that is not in normal form C';
  if (/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\\:*?"<>|]/u.test(name)) return 'has characters in its name that are not the same everywhere';
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'has a path that leads elsewhere, or is a folder';
  if (parts.some((part) => /^\s|[\s.]$/.test(part) || DEVICE.test(part))) return 'has a name that is another one elsewhere';
  return null;
}
