import type { EventStatus } from '../../src/domain/postal-order.ts';

/**
 * MyVNPost's list of statuses. NOTED: it says nothing about where the parcel is (money, drafts), or leaves open what became of it (a
 * part of it, a cancelled delivery): shown, and never mapped by guess. 4 is "being collected" here and "delivered" in the service for administrations.
 */
export const STATES: Readonly<Record<number, EventStatus>> = {
  0: 'NOTED', // Lưu nháp
  1: 'ACCEPTED', // Đã tạo
  2: 'PICKUP_SCHEDULED', // Bưu tá nhận yêu cầu thu gom
  3: 'NOTED', // Chờ xác nhận
  4: 'PICKUP_SCHEDULED', // Đang lấy hàng
  5: 'PICKUP_FAILED', // Lấy hàng không thành công
  6: 'PICKED_UP', // Đã lấy hàng
  7: 'IN_TRANSIT', // Bưu cục đã nhận hàng
  8: 'PICKUP_FAILED', // Lấy hàng thất bại
  9: 'CANCELLED', // Hủy thu gom
  10: 'IN_TRANSIT', // Đang vận chuyển
  11: 'AT_DELIVERY_OFFICE', // Đã đến bưu cục phát
  12: 'OUT_FOR_DELIVERY', // Đang giao hàng
  13: 'IN_TRANSIT', // Chuyển tiếp
  14: 'DELIVERED', // Đã giao hàng
  15: 'DELIVERY_FAILED', // Giao không thành công
  16: 'ON_HOLD', // Chờ để chuyển hoàn
  17: 'RETURNING', // Đã duyệt hoàn
  18: 'RETURNING', // Bắt đầu chuyển hoàn
  19: 'RETURNED', // Trả hàng thành công
  20: 'NOTED', // Đã trả hàng một phần
  21: 'NOTED', // Đã trả tiền COD
  22: 'NOTED', // Hủy giao hàng
  23: 'NOTED', // Giao hàng thành công một phần
  24: 'RETURNING', // Đang chuyển hoàn
  28: 'NOTED', // Đã trả phí ship
  29: 'NOTED', // Đã trả phí hủy đơn hàng
};
