import { openPaper, type PaperFonts } from '../../src/formats/pdf-drawing/paper.ts';
import type { Point, Sketch } from '../../src/formats/pdf-drawing/sketch.ts';
import { areaOf, decimal, FOOTER, shortDate, sidesOf, type Parcel, type SampleCase } from './sample-case.ts';

/** 1 : 200. */
const POINTS_PER_METRE = (1000 / 200) * (72 / 25.4);

/** An extract of the cadastral map: one page with a drawing to scale. */
export async function drawParcelSketch(facts: SampleCase, fonts: PaperFonts): Promise<Uint8Array> {
  const { parcel, dossierCode, receivedOn } = facts;
  const paper = await openPaper({ title: `Mảnh trích đo thửa đất, hồ sơ ${dossierCode} (mẫu)`, author: 'Văn phòng Đăng ký đất đai (mẫu)', createdAt: receivedOn, fonts, footer: FOOTER });
  paper.paragraph('MẢNH TRÍCH ĐO BẢN ĐỒ ĐỊA CHÍNH', { align: 'centre', face: 'bold', size: 15 });
  paper.paragraph(`Thửa đất số ${parcel.number}, tờ bản đồ số ${parcel.mapSheet}`, { align: 'centre', size: 13 });
  paper.paragraph(`${parcel.place.charAt(0).toUpperCase()}${parcel.place.slice(1)}`, { align: 'centre', face: 'italic', size: 12, after: 10 });
  paper.sketch(430, (sketch, width) => drawMap(sketch, parcel, { x: width / 2 - 70, y: 66 }, POINTS_PER_METRE, width));
  paper.space(8);
  paper.table([0.2, 0.18, 0.22, 0.4], [
    ['Diện tích', 'Tỷ lệ', 'Ngày đo', 'Mã hồ sơ'],
    [`${decimal(areaOf(parcel), 1)} m²`, '1 : 200', shortDate(receivedOn), dossierCode],
  ], { text: { align: 'centre', size: 11.5 } });
  paper.paragraph('Số liệu hư cấu; hình vẽ chỉ minh họa hồ sơ mẫu.', { face: 'italic', size: 11, align: 'centre', before: 8 });
  return paper.finish();
}

/** @param scale points a metre */
function drawMap(sketch: Sketch, parcel: Parcel, origin: Point, scale: number, width: number): void {
  const corners = parcel.corners.map(([east, north]) => ({ x: origin.x + east * scale, y: origin.y + north * scale }));
  sketch.polygon([{ x: 0, y: 0 }, { x: width, y: 0 }, { x: width, y: 430 }, { x: 0, y: 430 }], { width: 1 });
  drawSurroundings(sketch, corners, width);
  sketch.polygon(corners, { width: 1.6, fill: '#fbf3d7' });
  const middle = corners.reduce((sum, { x, y }) => ({ x: sum.x + x / corners.length, y: sum.y + y / corners.length }), { x: 0, y: 0 });
  corners.forEach((corner, i) => {
    sketch.circle(corner, 2.6, { fill: '#ffffff', width: 1 });
    sketch.text(String(i + 1), away(middle, corner, 12), { face: 'bold', size: 10 });
  });
  drawSides(sketch, corners, sidesOf(parcel), middle);
  sketch.text(`${parcel.number}`, { x: middle.x, y: middle.y + 14 }, { face: 'bold', size: 15 });
  sketch.line({ x: middle.x - 26, y: middle.y + 4 }, { x: middle.x + 26, y: middle.y + 4 });
  sketch.text(`${decimal(areaOf(parcel), 1)}  ODT`, { x: middle.x, y: middle.y - 7 }, { size: 11 });
  drawNorth(sketch, { x: width - 44, y: 372 });
}

function drawSides(sketch: Sketch, corners: readonly Point[], lengths: readonly number[], middle: Point): void {
  corners.forEach((from, i) => {
    const to = corners[(i + 1) % corners.length] ?? from;
    const degrees = (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
    const upright = degrees > 90 ? degrees - 180 : degrees < -90 ? degrees + 180 : degrees;
    sketch.text(decimal(lengths[i] ?? 0, 2), away(middle, { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 }, -9), { size: 9, degrees: upright });
  });
}

/** The point on the line from `from` to `to` that lies `distance` beyond `to`, or before it when negative. */
function away(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return { x: to.x + ((to.x - from.x) / length) * distance, y: to.y + ((to.y - from.y) / length) * distance };
}

function drawSurroundings(sketch: Sketch, corners: readonly Point[], width: number): void {
  const [southWest, southEast, northEast, , northWest] = corners;
  if (southWest === undefined || southEast === undefined || northEast === undefined || northWest === undefined) return;
  const dash = [4, 3];
  sketch.line({ x: 0, y: southWest.y - 6 }, { x: southWest.x, y: southWest.y }, { dash });
  sketch.line(southEast, { x: width, y: southEast.y + 8 }, { dash });
  sketch.line(northWest, { x: 0, y: northWest.y + 4 }, { dash });
  sketch.line(northEast, { x: width, y: northEast.y + 14 }, { dash });
  sketch.text('ĐƯỜNG KHÔNG TÊN', { x: width / 2, y: southWest.y - 26 }, { face: 'italic', size: 11, colour: '#555555' });
  sketch.text('9998', { x: southWest.x / 2, y: 210 }, { size: 11, colour: '#777777' });
  sketch.text('10000', { x: (southEast.x + width) / 2, y: 210 }, { size: 11, colour: '#777777' });
}

function drawNorth(sketch: Sketch, at: Point): void {
  sketch.polygon([{ x: at.x, y: at.y + 30 }, { x: at.x - 8, y: at.y }, { x: at.x, y: at.y + 6 }, { x: at.x + 8, y: at.y }], { fill: '#000000' });
  sketch.text('B', { x: at.x, y: at.y + 40 }, { face: 'bold', size: 12 });
}
