import type { LabelMask } from "~/client/types";
import type { BitMask } from "~/lib/canvas/bitmask";
import { codec } from "~/lib/canvas/codec";
import type { MaskDocument } from "~/lib/canvas/document";

/** The labels that hold paint, as run lengths; encoded in the worker. */
export async function encodeMasks(doc: MaskDocument): Promise<LabelMask[]> {
  const painted = doc.labels.filter((l) => !doc.layer(l).isEmpty());
  return Promise.all(painted.map(async (label_id) => ({ label_id, rle: await codec().encode(doc.layer(label_id)) })));
}

/** Masks of the image's size; others belong to a frame that was replaced and are left out. */
export async function decodeMasks(masks: readonly LabelMask[], size: { width: number; height: number }): Promise<{ label: number; mask: BitMask }[]> {
  const all = await Promise.all(masks.map(async (m) => ({ label: m.label_id, mask: await codec().decode(m.rle) })));
  return all.filter((m) => m.mask.width === size.width && m.mask.height === size.height);
}
