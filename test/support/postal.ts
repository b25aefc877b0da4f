import type { DossierCode } from '../../src/domain/dossier.ts';
import type { PartnerId, PostalOrderId } from '../../src/domain/ids.ts';
import type { PostalDetail, PostalOrder } from '../../src/domain/postal-order.ts';

/** A result to be delivered at home; everybody in it is invented. */
export const POSTAL_DETAIL: PostalDetail = {
  sender: {
    name: 'Bộ phận Một cửa (mẫu)',
    phone: '0234 3000 000',
    email: 'motcua@example.vn',
    address: { line: '1 Đường Thử Nghiệm, phường Mẫu', provinceCode: '46', communeCode: '19777', districtCode: null },
  },
  recipient: {
    name: 'Trần Văn Mẫu',
    phone: '0900000001',
    email: null,
    address: { line: '12/3 Kiệt Giả Định, xã Ví Dụ', provinceCode: '48', communeCode: '20000', districtCode: '490' },
  },
  contents: [
    { title: 'Giấy chứng nhận quyền sử dụng đất', kind: 'original', copies: 1 },
    { title: 'Trích lục bản đồ', kind: 'certified-copy', copies: 2 },
  ],
  fees: [{ purpose: 'ADMIN_FEE', payer: 'recipient', amountVnd: 50_000, collectBy: 'POST' }],
  delivery: { rule: 'TO_NAMED_PERSON_ONLY', identityCheck: true, authorised: null },
  sealNumber: null,
  weightG: 120,
  roundTripOf: null,
  note: 'Giao tận tay',
};

export function postalOrder(orderNumber = 'H57.12.03-261124-0001-KQ1', detail: Partial<PostalDetail> = {}): PostalOrder {
  const at = new Date('2026-11-24T02:00:00Z');
  return {
    id: '01936e5a-0000-7000-8000-000000000001' as PostalOrderId,
    dossierCode: 'H57.12.03-261124-0001' as DossierCode,
    leg: 'DELIVER_RESULT',
    revision: 1,
    carrier: 'post-vnpost-hcc',
    orderNumber,
    requestedBy: 'one-stop-portal' as PartnerId,
    detail: { ...POSTAL_DETAIL, ...detail },
    state: 'QUEUED',
    stateReason: null,
    stateAt: at,
    carrierText: null,
    trackingNumber: null,
    createdAt: at,
  };
}
