import { useEffect, useRef } from "react";
import type { BitMask } from "~/lib/canvas/bitmask";
import { parseColour, rasterise } from "~/lib/canvas/tiles";
import type { Frame } from "~/lib/stage/frame";

export interface Layered {
  mask: BitMask;
  colour: string;
  outlineOnly?: boolean;
}

/** Blue over green to yellow, rising in lightness (after viridis): it reads in grey print and for colour-blind eyes. */
const RAMP: [number, number, number][] = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

export function heat(share: number): [number, number, number] {
  const t = Math.min(0.9999, Math.max(0, share)) * (RAMP.length - 1);
  const i = Math.floor(t);
  const a = RAMP[i]!;
  const b = RAMP[i + 1]!;
  return [0, 1, 2].map((c) => Math.round(a[c]! + (b[c]! - a[c]!) * (t - i))) as [number, number, number];
}

/** A frame with masks, or with a probability map, laid over it. */
export function Picture({ frame, layers, probability, label }: { frame: Frame; layers: Layered[]; probability: Uint8Array | null; label: string }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    const ctx = canvas?.getContext("2d");
    if (!canvas || !ctx) return;
    const { width, height } = frame;
    canvas.width = width;
    canvas.height = height;
    ctx.drawImage(frame.picture, 0, 0);
    const over = document.createElement("canvas");
    over.width = width;
    over.height = height;
    const octx = over.getContext("2d")!;
    const image = octx.createImageData(width, height);
    if (probability) {
      for (let i = 0; i < probability.length; i++) {
        const v = probability[i]!;
        if (v === 0) continue;
        const [r, g, b] = heat(v / 255);
        image.data.set([r, g, b, Math.min(200, 60 + v)], i * 4);
      }
      octx.putImageData(image, 0, 0);
      ctx.drawImage(over, 0, 0);
    }
    for (const l of layers) {
      rasterise(l.mask, { x0: 0, y0: 0, x1: width, y1: height }, { colour: parseColour(l.colour), opacity: 0.35, outlineOnly: l.outlineOnly ?? false }, image.data);
      octx.putImageData(image, 0, 0);
      ctx.drawImage(over, 0, 0);
    }
  }, [frame, layers, probability]);
  return <canvas ref={ref} className="picture" role="img" aria-label={label} />;
}
