/** What this sandbox's MyVNPost has booked, and what it tells about it. No HTTP here. */

/** A stage of a parcel's way by the documented list of statuses; `after` in stages' time since the booking. */
export interface Stage {
  readonly code: number;
  readonly text: string;
  readonly after: number;
}

export const USUAL_WAY: readonly Stage[] = [
  { code: 1, text: 'Đã tạo', after: 0 },
  { code: 2, text: 'Bưu tá nhận yêu cầu thu gom', after: 1 },
  { code: 6, text: 'Đã lấy hàng', after: 2 },
  { code: 10, text: 'Đang vận chuyển', after: 3 },
  { code: 12, text: 'Đang giao hàng', after: 4 },
  { code: 14, text: 'Đã giao hàng', after: 5 },
];
/** Delivered, returned, cancelled. */
const OVER: ReadonlySet<number> = new Set([9, 14, 19]);
const CANCELLED: Stage = { code: 9, text: 'Hủy thu gom', after: 0 };

export interface Booking {
  readonly originalId: string;
  readonly itemCode: string;
  readonly orderNumber: string;
  readonly bookedAt: Date;
  readonly history: { readonly at: Date; readonly code: number; readonly text: string }[];
  cancelledAt: Date | null;
  /** As last corrected. */
  address: string | null;
}

export interface Ledger {
  book(orderNumber: string): Booking;
  /** The first order with this number; later ones under the same number are couriers that nobody asked for. */
  find(code: string): Booking | null;
  cancel(originalId: string): boolean;
  /** The receiver's address from now on; false once the parcel's way is over. */
  correct(originalId: string, address: string): boolean;
  addressOf(orderNumber: string): string | null;
  /** Orders changed in [from, to), by time of their last change. */
  changed(from: Date, to: Date): readonly Booking[];
  couriers(orderNumber: string): number;
  lines(): readonly { readonly orderNumber: string; readonly couriers: number; readonly cancelled: number; readonly lastCode: number | null }[];
  /** Adds to an order's history as told: for codes and times that should not be. */
  tell(orderNumber: string, code: number, text: string, at?: Date): void;
}

export function createLedger({ stageMs, way, now }: { readonly stageMs: number; readonly way: readonly Stage[]; readonly now: () => Date }): Ledger {
  const bookings: Booking[] = [];
  const told = new Map<Booking, number>();
  const catchUp = (): void => {
    for (const booking of bookings) {
      for (let next = told.get(booking) ?? 0; booking.cancelledAt === null; next += 1) {
        const stage = way[next];
        const at = new Date(booking.bookedAt.getTime() + (stage?.after ?? 0) * stageMs);
        if (stage === undefined || at > now()) break;
        booking.history.push({ at, code: stage.code, text: stage.text });
        told.set(booking, next + 1);
      }
    }
  };
  const under = (orderNumber: string): Booking[] => bookings.filter((booking) => booking.orderNumber === orderNumber);
  return {
    book(orderNumber) {
      const serial = String(bookings.length + 1);
      const booking: Booking = { originalId: `MYO${serial.padStart(9, '0')}`, itemCode: `CB${serial.padStart(9, '0')}VN`, orderNumber, bookedAt: now(), history: [], cancelledAt: null, address: null };
      bookings.push(booking);
      return booking;
    },
    find(code) {
      catchUp();
      return bookings.find(({ orderNumber, originalId }) => orderNumber === code || originalId === code) ?? null;
    },
    cancel(originalId) {
      catchUp();
      const booking = bookings.find((one) => one.originalId === originalId);
      if (booking === undefined || booking.cancelledAt !== null || booking.history.some(({ code }) => code >= 6)) return false;
      booking.cancelledAt = now();
      booking.history.push({ at: now(), code: CANCELLED.code, text: CANCELLED.text });
      return true;
    },
    correct(originalId, address) {
      catchUp();
      const booking = bookings.find((one) => one.originalId === originalId);
      if (booking === undefined || booking.history.some(({ code }) => OVER.has(code))) return false;
      booking.address = address;
      return true;
    },
    addressOf: (orderNumber) => under(orderNumber)[0]?.address ?? null,
    changed(from, to) {
      catchUp();
      const within = bookings.filter((booking) => changedAt(booking) >= from && changedAt(booking) < to);
      return within.sort((a, b) => changedAt(a).getTime() - changedAt(b).getTime());
    },
    couriers: (orderNumber) => under(orderNumber).length,
    lines() {
      catchUp();
      return [...new Set(bookings.map(({ orderNumber }) => orderNumber))].map((orderNumber) => {
        const all = under(orderNumber);
        return { orderNumber, couriers: all.length, cancelled: all.filter(({ cancelledAt }) => cancelledAt !== null).length, lastCode: all.at(-1)?.history.at(-1)?.code ?? null };
      });
    },
    tell(orderNumber, code, text, at = now()) {
      catchUp();
      under(orderNumber)[0]?.history.push({ at, code, text });
    },
  };
}

export function changedAt({ history, bookedAt }: Booking): Date {
  return history.reduce((latest, { at }) => (at > latest ? at : latest), bookedAt);
}
