import { useQuery } from "@tanstack/react-query";
import { api } from "~/client/api";
import type { LabelMask, Project } from "~/client/types";
import { MaskDocument } from "~/lib/canvas/document";
import { decodeMasks } from "~/lib/masks/masks";
import { loadFrame } from "~/lib/stage/frame";

/** An image with a document to draw in, filled with the masks that `masks` finds (none is fine). */
export function useDocument(project: Project, imageId: string, name: string, masks: () => Promise<LabelMask[]>) {
  return useQuery({
    queryKey: ["document", name, imageId],
    // A drawing must not be replaced under the pen by a fetch in the background.
    staleTime: Infinity,
    gcTime: 0,
    queryFn: async () => {
      const image = await api.image(imageId);
      const frame = await loadFrame(await api.frame(image.frame_url));
      const doc = new MaskDocument(frame.width, frame.height, project.labels.map((l) => l.id));
      doc.load(await decodeMasks(await masks(), frame));
      return { image, frame, doc };
    },
  });
}
