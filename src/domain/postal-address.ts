/**
 * Addresses as people and offices give them. Codes are the official ones (province and commune since 1 July 2025; a district only
 * in addresses from before); a carrier's own codes are mapped in its connector and are never kept here.
 */
export interface PostalAddress {
  /** House, street, hamlet … as written. */
  readonly line: string;
  readonly provinceCode: string;
  readonly districtCode: string | null;
  readonly communeCode: string | null;
}

/** One end of a leg: a person, or an office with the person who hands over or receives. Personal data: stored sealed. */
export interface PostalParty {
  readonly name: string;
  readonly phone: string;
  readonly email: string | null;
  readonly address: PostalAddress;
}

/** Levels of administration the address names: two, or three where it still has a district. */
export function levelsOf(address: PostalAddress): 2 | 3 {
  return address.districtCode === null ? 2 : 3;
}
