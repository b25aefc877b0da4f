import { inkPng } from './png.ts';
import { emptyCoverage, inkNoise, stampDot, type Coverage, type Pixel } from './raster.ts';

const WIDTH = 900;
const HEIGHT = 420;
const BLUE = [18, 58, 158] as const;

/** Size in which it stands on paper. */
export const HANDWRITING_SIZE_MM = { width: 52, height: 24.27 } as const;

/** Where the pen goes, stroke by stroke, through points of the picture: an invented hand, nobody's signature. */
const STROKES: readonly (readonly (readonly [number, number])[])[] = [
  // the initial: a tall first stroke, a loop over to the second, and a bar that swings back
  [[150, 110], [132, 90], [112, 112], [120, 190], [128, 270], [118, 330], [92, 338], [84, 312], [120, 268], [190, 208], [246, 128], [254, 76], [232, 70], [218, 120], [214, 210], [222, 288], [244, 304], [274, 276]],
  [[274, 276], [296, 232], [322, 226], [318, 268], [296, 290], [296, 262], [326, 240], [352, 248], [358, 282], [382, 282], [402, 238], [424, 236], [416, 284], [440, 286], [468, 236], [476, 282], [502, 276], [528, 232], [552, 240], [548, 284], [580, 280], [640, 236], [742, 196], [836, 182]],
  // the flourish below, from the end back to the beginning and out again
  [[836, 182], [868, 186], [850, 214], [720, 268], [520, 330], [330, 362], [214, 358], [226, 336], [360, 326], [560, 330], [760, 312], [862, 286]],
  [[456, 176], [470, 166]],
  [[388, 186], [410, 164], [430, 184]],
];

/** An officer's signature as a blue PNG on transparent ground. @see Decree 30/2020/NĐ-CP Annex I, II.7d */
export function drawHandwriting(): Uint8Array {
  const paper = emptyCoverage(WIDTH, HEIGHT);
  for (const stroke of STROKES) drawStroke(paper, stroke.map(([x, y]) => ({ x, y })));
  return inkPng(paper, BLUE, (x, y) => 0.86 + 0.14 * inkNoise(x, y, 5));
}

/** A fast pen leaves a thin line; it is set down and lifted softly. */
function drawStroke(paper: Coverage, points: readonly Pixel[]): void {
  const path = smoothPath(points);
  const last = path.length - 1;
  let width = 2;
  path.forEach((point, index) => {
    const speed = distance(point, path[Math.max(0, index - 1)] ?? point);
    const wanted = Math.max(2.1, 6.2 - speed * 1.05) * Math.min(1, 0.35 + index / 18) * Math.min(1, 0.3 + (last - index) / 22);
    width += (wanted - width) * 0.16;
    for (const between of steps(path[Math.max(0, index - 1)] ?? point, point)) stampDot(paper, between, width);
  });
}

const STEPS_A_POINT = 22;

/** Catmull-Rom through the points: equal times between them, so that far points mean a fast pen. */
function smoothPath(points: readonly Pixel[]): Pixel[] {
  return points.slice(1).flatMap((to, i) => {
    const from = points[i] ?? to;
    const before = points[i - 1] ?? from;
    const after = points[i + 2] ?? to;
    return Array.from({ length: STEPS_A_POINT }, (_, step) => ({
      x: catmullRom(before.x, from.x, to.x, after.x, step / STEPS_A_POINT),
      y: catmullRom(before.y, from.y, to.y, after.y, step / STEPS_A_POINT),
    }));
  });
}

function catmullRom(a: number, b: number, c: number, d: number, t: number): number {
  return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t);
}

function steps(from: Pixel, to: Pixel): Pixel[] {
  const count = Math.max(1, Math.ceil(distance(from, to) / 0.7));
  return Array.from({ length: count }, (_, i) => ({ x: from.x + ((to.x - from.x) * (i + 1)) / count, y: from.y + ((to.y - from.y) * (i + 1)) / count }));
}

function distance(a: Pixel, b: Pixel): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
