import type { LabelMask } from "~/client/types";
import type { BitMask } from "~/lib/canvas/bitmask";
import { codec } from "~/lib/canvas/codec";
import { encode } from "~/lib/canvas/rle";
import type { MaskDocument } from "~/lib/canvas/document";

/** Up to so many pixels in all, encoding takes a few milliseconds: less than the way to the worker and back. */
const SMALL = 1 << 19;

/** The labels that hold paint, as run lengths; encoded in the worker, unless there is little of it. */
export async function encodeMasks(doc: MaskDocument): Promise<LabelMask[]> {
  const painted = doc.labels.filter((l) => !doc.layer(l).isEmpty());
  const small = painted.length * doc.width * doc.height <= SMALL;
  return Promise.all(painted.map(async (label_id) => ({ label_id, rle: small ? encode(doc.layer(label_id)) : await codec().encode(doc.layer(label_id)) })));
}

/** Masks of the image's size; others belong to a frame that was replaced and are left out. */
export async function decodeMasks(masks: readonly LabelMask[], size: { width: number; height: number }): Promise<{ label: number; mask: BitMask }[]> {
  const all = await Promise.all(masks.map(async (m) => ({ label: m.label_id, mask: await codec().decode(m.rle) })));
  return all.filter((m) => m.mask.width === size.width && m.mask.height === size.height);
}
