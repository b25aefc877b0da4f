/** Points of a picture: x to the right, y down, in pixels. */
export interface Pixel {
  readonly x: number;
  readonly y: number;
}

/** How much of each pixel is covered, 0 to 1, row by row. */
export interface Coverage {
  readonly width: number;
  readonly height: number;
  readonly amounts: Float32Array;
}

export function emptyCoverage(width: number, height: number): Coverage {
  return { width, height, amounts: new Float32Array(width * height) };
}

const SUBLINES = 6;

/** Fills closed polygons by the non-zero rule, smooth at the edges; what is covered already stays covered. */
export function fillPolygons(coverage: Coverage, polygons: readonly (readonly Pixel[])[]): void {
  const edges = polygons.flatMap((corners) => corners.map((from, i) => ({ from, to: corners[(i + 1) % corners.length] ?? from }))).filter(({ from, to }) => from.y !== to.y);
  const heights = polygons.flatMap((corners) => corners.map(({ y }) => y));
  const [top, bottom] = [Math.max(0, Math.floor(Math.min(...heights))), Math.min(coverage.height, Math.ceil(Math.max(...heights)))];
  for (let row = top; row < bottom; row++) {
    const near = edges.filter(({ from, to }) => Math.min(from.y, to.y) < row + 1 && Math.max(from.y, to.y) > row);
    if (near.length === 0) continue;
    const amounts = new Float32Array(coverage.width);
    for (let sub = 0; sub < SUBLINES; sub++) addSpans(amounts, near, row + (sub + 0.5) / SUBLINES);
    amounts.forEach((amount, x) => amount > 0 && cover(coverage, x, row, amount / SUBLINES));
  }
}

interface Edge {
  readonly from: Pixel;
  readonly to: Pixel;
}

function addSpans(amounts: Float32Array, edges: readonly Edge[], y: number): void {
  const crossings = edges
    .filter(({ from, to }) => from.y <= y !== to.y <= y)
    .map(({ from, to }) => ({ x: from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x), turn: to.y > from.y ? 1 : -1 }))
    .sort((a, b) => a.x - b.x);
  let winding = 0;
  crossings.forEach(({ x, turn }, index) => {
    winding += turn;
    const next = crossings[index + 1];
    if (winding !== 0 && next !== undefined) addSpan(amounts, x, next.x);
  });
}

function addSpan(amounts: Float32Array, from: number, to: number): void {
  for (let x = Math.max(0, Math.floor(from)); x < Math.min(amounts.length, Math.ceil(to)); x++) {
    amounts[x] = (amounts[x] ?? 0) + Math.min(to, x + 1) - Math.max(from, x);
  }
}

/** A round dot with a soft edge: what a pen leaves where it stands. */
export function stampDot(coverage: Coverage, centre: Pixel, radius: number): void {
  for (let y = Math.max(0, Math.floor(centre.y - radius - 1)); y <= Math.min(coverage.height - 1, centre.y + radius + 1); y++) {
    for (let x = Math.max(0, Math.floor(centre.x - radius - 1)); x <= Math.min(coverage.width - 1, centre.x + radius + 1); x++) {
      cover(coverage, x, y, Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x + 0.5 - centre.x, y + 0.5 - centre.y))));
    }
  }
}

function cover({ amounts, width }: Coverage, x: number, y: number, amount: number): void {
  const at = y * width + x;
  amounts[at] = Math.max(amounts[at] ?? 0, Math.min(1, amount));
}

/** Uneven ink: smooth noise from 0 to 1, the same every time for the same place. */
export function inkNoise(x: number, y: number, grain: number): number {
  const [left, top] = [Math.floor(x / grain), Math.floor(y / grain)];
  const [u, v] = [smooth(x / grain - left), smooth(y / grain - top)];
  const mix = (a: number, b: number, t: number): number => a + (b - a) * t;
  return mix(mix(hash(left, top), hash(left + 1, top), u), mix(hash(left, top + 1), hash(left + 1, top + 1), u), v);
}

const smooth = (t: number): number => t * t * (3 - 2 * t);

function hash(x: number, y: number): number {
  let value = Math.imul(x, 374_761_393) ^ Math.imul(y, 668_265_263);
  value = Math.imul(value ^ (value >>> 13), 1_274_126_177);
  return ((value ^ (value >>> 16)) >>> 0) / 0xffff_ffff;
}
