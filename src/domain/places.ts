import type { PostalAddress } from './postal-address.ts';

/** A province or commune, with the days on which its code means it. Codes outlive borders: a code may come to mean another place. */
export interface Place {
  readonly code: string;
  readonly name: string;
  /** ISO dates in Vietnam; `validTo` null: still in force. */
  readonly validFrom: string;
  readonly validTo: string | null;
}

export interface Commune extends Place {
  readonly provinceCode: string;
}

/** The official list of places, as an operator's file gives it. Empty: nothing is known about places, so nothing is checked. */
export interface Places {
  /** Of the list, such as the decision it was taken from; told with every fault, so that an old list is found out. */
  readonly version: string;
  readonly provinces: readonly Place[];
  readonly communes: readonly Commune[];
}

export const NO_PLACES: Places = { version: '', provinces: [], communes: [] };

export interface PlaceFault {
  readonly field: 'provinceCode' | 'communeCode';
  readonly detail: string;
}

/** What the list says against an address on a Vietnamese day (ISO date). A list without communes checks none. */
export function placeFaults({ provinceCode, communeCode }: PostalAddress, places: Places, day: string): PlaceFault[] {
  if (places.provinces.length === 0) return [];
  if (placeOn(places.provinces, provinceCode, day) === null) return [{ field: 'provinceCode', detail: whyNot(places.provinces, provinceCode, places.version, day) }];
  if (communeCode === null || places.communes.length === 0) return [];
  const commune = placeOn(places.communes, communeCode, day);
  if (commune === null) return [{ field: 'communeCode', detail: whyNot(places.communes, communeCode, places.version, day) }];
  return commune.provinceCode === provinceCode ? [] : [{ field: 'communeCode', detail: `${commune.name} lies in the province ${commune.provinceCode} (list ${places.version})` }];
}

/** The address as it is written on an envelope: the citizen's own words, then the names of its places where the list knows them. */
export function addressInWords({ line, provinceCode, communeCode }: PostalAddress, places: Places, day: string): string {
  const commune = communeCode === null ? null : placeOn(places.communes, communeCode, day);
  const province = placeOn(places.provinces, provinceCode, day);
  const spoken = line.toLocaleLowerCase('vi');
  const names = [commune, province].flatMap((place) => (place === null || spoken.includes(place.name.toLocaleLowerCase('vi')) ? [] : [place.name]));
  return [line, ...names].join(', ');
}

function placeOn<P extends Place>(places: readonly P[], code: string, day: string): P | null {
  return places.find((place) => place.code === code && place.validFrom <= day && (place.validTo === null || day <= place.validTo)) ?? null;
}

function whyNot(places: readonly Place[], code: string, version: string, day: string): string {
  const other = places.find((place) => place.code === code);
  const known = other === undefined ? 'is no code' : `was the code of ${other.name} from ${other.validFrom} to ${other.validTo ?? 'today'}, not on ${day},`;
  return `${known} of the list of places ${version}`;
}
