import { randomBytes } from 'node:crypto';

/** What the sandbox's post office has booked, and what it tells about it. No HTTP here. */

/** One stage of a parcel's way. Only code 4 has a documented meaning; the others are numbers of this sandbox, and mean nothing anywhere else. */
export interface Stage {
  readonly code: number;
  readonly text: string;
  /** Since the booking, in stages' time. */
  readonly after: number;
}

const INVENTED = '(mã của sandbox)';

export const USUAL_WAY: readonly Stage[] = [
  { code: 91, text: `Đã nhận yêu cầu ${INVENTED}`, after: 0 },
  { code: 92, text: `Bưu tá đã lấy hàng ${INVENTED}`, after: 1 },
  { code: 93, text: `Đang vận chuyển ${INVENTED}`, after: 2 },
  { code: 94, text: `Đang phát ${INVENTED}`, after: 3 },
  { code: 4, text: 'Đã phát thành công', after: 4 },
];
const CANCELLED: Stage = { code: 99, text: `Đã hủy ${INVENTED}`, after: 0 };

/** One courier on the way for one order number; a second under the same number is what a gateway must never cause. */
interface Booking {
  readonly orderNumber: string;
  readonly itemCode: string;
  readonly bookedAt: Date;
  /** Stages told so far. */
  told: number;
  cancelledAt: Date | null;
}

/** An entry of the feed, spelt as the service spells it. */
export interface FeedEntry {
  readonly _id: { readonly $oid: string };
  readonly CustomerCode: string;
  readonly OrderNumber: string;
  readonly EventTime: number;
  readonly POSID: string;
  readonly ItemCode: string;
  readonly StatusCode: number;
  readonly StatusMessage: string;
  readonly Notes: string;
}

export interface LedgerLine {
  readonly orderNumber: string;
  /** Couriers booked under this number. */
  readonly couriers: number;
  readonly cancelled: number;
  readonly itemCodes: readonly string[];
  readonly bookedAt: readonly string[];
  readonly lastCode: number | null;
}

export interface LedgerOptions {
  readonly customerCode: string;
  /** How long a stage lasts. */
  readonly stageMs: number;
  readonly way: readonly Stage[];
  readonly now: () => Date;
}

export interface Ledger {
  has(orderNumber: string): boolean;
  /** Sends a courier; returns the parcel's number, which is `given` where the customer chose it. */
  book(orderNumber: string, given?: string): string;
  /** Whether a parcel bears this number. */
  bears(itemCode: string): boolean;
  /** False when there is nothing to cancel, or it was collected. */
  cancel(orderNumber: string): boolean;
  /** Entries with ids above `lastId`, ascending. */
  feed(lastId: string, limit: number): readonly FeedEntry[];
  readonly size: number;
  lines(): readonly LedgerLine[];
  /** Adds an entry to the feed as told: for codes, times, ids that should not be. */
  tell(entry: Partial<FeedEntry> & { readonly OrderNumber: string }): void;
}

export function createLedger({ customerCode, stageMs, way, now }: LedgerOptions): Ledger {
  const bookings: Booking[] = [];
  const entries: FeedEntry[] = [];
  const process = randomBytes(5).toString('hex');
  let serial = 1000;
  let counter = 0;

  const entryOf = (orderNumber: string, itemCode: string, stage: Stage, at: Date): FeedEntry => ({
    _id: { $oid: objectId(at, process, (counter += 1)) },
    CustomerCode: customerCode,
    OrderNumber: orderNumber,
    EventTime: at.getTime(),
    POSID: '530000',
    ItemCode: itemCode,
    StatusCode: stage.code,
    StatusMessage: stage.text,
    Notes: '',
  });
  const dueOf = (booking: Booking): { at: Date; booking: Booking; stage: Stage }[] =>
    booking.cancelledAt !== null
      ? []
      : way.slice(booking.told).map((stage) => ({ at: new Date(booking.bookedAt.getTime() + stage.after * stageMs), booking, stage }));
  /** Writes down what has happened until now, in the order in which it happened. */
  const catchUp = (): void => {
    const due = bookings.flatMap(dueOf).filter(({ at }) => at <= now());
    for (const { at, booking, stage } of due.sort((a, b) => a.at.getTime() - b.at.getTime())) {
      booking.told += 1;
      entries.push(entryOf(booking.orderNumber, booking.itemCode, stage, at));
    }
  };
  const under = (orderNumber: string): Booking[] => bookings.filter((booking) => booking.orderNumber === orderNumber);

  return {
    has: (orderNumber) => under(orderNumber).some(({ cancelledAt }) => cancelledAt === null),
    bears: (itemCode) => bookings.some((booking) => booking.itemCode === itemCode),
    book(orderNumber, given) {
      catchUp();
      const itemCode = given ?? s10('EA', (serial += 1));
      bookings.push({ orderNumber, itemCode, bookedAt: now(), told: 0, cancelledAt: null });
      return itemCode;
    },
    cancel(orderNumber) {
      catchUp();
      const open = under(orderNumber).filter(({ told, cancelledAt }) => told <= 1 && cancelledAt === null);
      for (const booking of open) {
        booking.cancelledAt = now();
        entries.push(entryOf(orderNumber, booking.itemCode, CANCELLED, now()));
      }
      return open.length > 0;
    },
    feed(lastId, limit) {
      catchUp();
      const ascending = entries.filter((entry) => idOf(entry) > lastId).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
      return ascending.slice(0, limit);
    },
    get size() {
      return entries.length;
    },
    lines() {
      catchUp();
      const numbers = [...new Set(bookings.map(({ orderNumber }) => orderNumber))];
      return numbers.map((orderNumber) => lineOf(orderNumber, under(orderNumber), entries));
    },
    tell: (entry) => void entries.push({ ...entryOf(entry.OrderNumber, 'EA000010005VN', { code: 0, text: '', after: 0 }, now()), ...entry }),
  };
}

function lineOf(orderNumber: string, bookings: readonly Booking[], entries: readonly FeedEntry[]): LedgerLine {
  return {
    orderNumber,
    couriers: bookings.length,
    cancelled: bookings.filter(({ cancelledAt }) => cancelledAt !== null).length,
    itemCodes: bookings.map(({ itemCode }) => itemCode),
    bookedAt: bookings.map(({ bookedAt }) => bookedAt.toISOString()),
    lastCode: entries.findLast(({ OrderNumber }) => OrderNumber === orderNumber)?.StatusCode ?? null,
  };
}

function idOf({ _id: id }: FeedEntry): string {
  return id.$oid;
}

/** MongoDB's: the second, five bytes of the process, a counter. */
function objectId(at: Date, process: string, counter: number): string {
  return Math.floor(at.getTime() / 1000).toString(16).padStart(8, '0') + process + counter.toString(16).padStart(6, '0');
}

/** A number in the form of UPU S10 with its check digit. */
function s10(service: string, serial: number): string {
  const digits = String(serial).padStart(8, '0');
  const sum = [8, 6, 4, 2, 3, 5, 9, 7].reduce((total, weight, index) => total + weight * Number(digits[index]), 0);
  const rest = 11 - (sum % 11);
  return `${service}${digits}${rest === 10 ? 0 : rest === 11 ? 5 : rest}VN`;
}
