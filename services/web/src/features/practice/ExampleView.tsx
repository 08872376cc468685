import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { ImageRef, Label, LabelMask } from "~/client/types";
import { MaskDocument } from "~/lib/canvas/document";
import { Editor } from "~/lib/editor/Editor";
import { decodeMasks } from "~/lib/masks/masks";
import { loadFrame } from "~/lib/stage/frame";
import { Button } from "~/lib/ui/kit";
import { Remote } from "~/lib/ui/remote";

/** An image as the lab outlined it, to look at from near and far. */
export function ExampleView({ image, reference, labels, onNext }: { image: ImageRef; reference: LabelMask[]; labels: Label[]; onNext: () => void }) {
  const { t } = useTranslation();
  const ids = useMemo(() => labels.map((l) => l.id), [labels]);
  const query = useQuery({
    queryKey: ["practice-example", image.id],
    staleTime: Infinity,
    gcTime: 0,
    queryFn: async () => {
      const frame = await loadFrame(await api.frame(image.frame_url));
      const doc = new MaskDocument(frame.width, frame.height, ids);
      doc.load(await decodeMasks(reference, frame));
      return { frame, doc };
    },
  });
  return (
    <Remote query={query}>
      {({ frame, doc }) => (
        <Editor
          frame={frame}
          doc={doc}
          labels={labels}
          imageId={null}
          readOnly
          onCommand={(c) => c === "submit" && onNext()}
          aside={
            <section className="feedback">
              <h2>{t("practice.example")}</h2>
              <p>{t("practice.exampleText")}</p>
              {labels.map((l) => l.description && (
                <p key={l.id}>
                  <strong><bdi>{l.name}</bdi></strong> <bdi>{l.description}</bdi>
                </p>
              ))}
            </section>
          }
          actions={
            <Button variant="primary" icon="brush" onClick={onNext}>
              {t("practice.nowYou")}
            </Button>
          }
        />
      )}
    </Remote>
  );
}
