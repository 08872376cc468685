// A font in which every letter is the same block: pages set in it break their lines at the same places on every machine.
const ADVANCE = 550;
const [SPACE, BLOCK] = [1, 2];
/** Latin letters, and the signs, arrows and marks that the English pages use. */
const RANGES = [[0x20, 0x24f], [0x2000, 0x22ff]];
const BLANK = new Set([0x20, 0xa0, 0x2009, 0x200b, 0x202f, 0x2066, 0x2067, 0x2068, 0x2069]);

const u16 = (...all) => Buffer.concat(all.map((n) => Buffer.from([(n >> 8) & 255, n & 255])));
const u32 = (...all) => Buffer.concat(all.map((n) => Buffer.from([(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255])));

/** Format 4, each letter looked up in an array: several letters may then have one glyph. */
function cmap() {
  const segments = [...RANGES, [0xffff, 0xffff]];
  const count = segments.length;
  const arrays = RANGES.map(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => (BLANK.has(from + i) ? SPACE : BLOCK)));
  const offsets = [];
  let at = 2 * count; // bytes from the first offset to the first array
  arrays.forEach((a, i) => {
    offsets.push(at - 2 * i);
    at += 2 * a.length;
  });
  offsets.push(0);
  const log = Math.floor(Math.log2(count));
  const body = Buffer.concat([u16(2 * count, 2 * 2 ** log, log, 2 * (count - 2 ** log)), u16(...segments.map((s) => s[1])), u16(0), u16(...segments.map((s) => s[0])), u16(...Array(count - 1).fill(0), 1), u16(...offsets), ...arrays.map((a) => u16(...a))]);
  return Buffer.concat([u16(0, 1, 3, 1), u32(12), u16(4, body.length + 6, 0), body]);
}

function block() {
  const [left, right, top] = [60, ADVANCE - 60, 560];
  // One contour of four points on the curve, as words: from corner to corner.
  return Buffer.concat([u16(1, left, 0, right, top, 3, 0), Buffer.from([1, 1, 1, 1]), u16(left, 0, right - left, 0), u16(0, top, 0, -top)]);
}

function name() {
  const texts = [[1, "Bramble Blocks"], [2, "Regular"], [4, "Bramble Blocks"], [6, "BrambleBlocks"]].map(([id, text]) => [id, Buffer.from(text, "utf16le").swap16()]);
  let at = 0;
  const records = texts.map(([id, text]) => {
    const record = u16(3, 1, 0x409, id, text.length, at);
    at += text.length;
    return record;
  });
  return Buffer.concat([u16(0, texts.length, 6 + 12 * texts.length), ...records, ...texts.map(([, text]) => text)]);
}

/** The font as a TrueType file. */
export function boxFont() {
  const glyph = block();
  const [ascent, descent] = [900, -250];
  const tables = {
    "OS/2": Buffer.concat([u16(3, ADVANCE, 400, 5, 0, 650, 700, 0, 140, 650, 700, 0, 480, 50, 260, 0), Buffer.alloc(10), u32(1, 0, 0, 0), Buffer.from("BRMB"), u16(0x40, 0x20, 0x22ff, ascent, descent, 0, ascent, -descent), u32(1, 0), u16(500, 560, 0, 0x20, 1)]),
    cmap: cmap(),
    glyf: glyph,
    head: Buffer.concat([u32(0x10000, 0x10000, 0, 0x5f0f3cf5), u16(0, 1000), Buffer.alloc(16), u16(0, 0, ADVANCE, 560, 0, 8, 2, 1, 0)]),
    hhea: Buffer.concat([u32(0x10000), u16(ascent, descent, 0, ADVANCE, 0, 0, ADVANCE, 1, 0, 0, 0, 0, 0, 0, 0, 3)]),
    hmtx: u16(ADVANCE, 0, 280, 0, ADVANCE, 60),
    loca: u32(0, 0, 0, glyph.length),
    maxp: Buffer.concat([u32(0x10000), u16(3, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)]),
    name: name(),
    post: u32(0x30000, 0, 0, 1, 0, 0, 0, 0),
  };
  const names = Object.keys(tables);
  const log = Math.floor(Math.log2(names.length));
  let at = 12 + 16 * names.length;
  const entries = [];
  const bodies = [];
  for (const tag of names) {
    const body = tables[tag];
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
    let sum = 0;
    for (let i = 0; i < padded.length; i += 4) sum = (sum + padded.readUInt32BE(i)) >>> 0;
    entries.push(Buffer.concat([Buffer.from(tag), u32(sum, at, body.length)]));
    bodies.push(padded);
    at += padded.length;
  }
  return Buffer.concat([u32(0x10000), u16(names.length, 16 * 2 ** log, log, 16 * (names.length - 2 ** log)), ...entries, ...bodies]);
}
