import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api } from "~/client/api";
import { raw } from "~/client/http";
import { useSession } from "~/lib/session/session";
import { decodeMasks } from "~/lib/masks/masks";
import { loadFrame } from "~/lib/stage/frame";
import { labelColour, number, percent, short } from "~/lib/ui/format";
import { Icon } from "~/lib/ui/icons";
import { Badge, Check, Select } from "~/lib/ui/kit";
import { Remote } from "~/lib/ui/remote";
import { Picture } from "~/lib/ui/picture";
import { ConsensusHistory } from "./ConsensusHistory";
import { useProject } from "./useProject";

/** One image with its consensus: the mask of each label, and how sure each pixel is. */
export function ImageView() {
  const { t, i18n } = useTranslation();
  const project = useProject();
  const { can } = useSession();
  const { imageId = "" } = useParams();
  const [heatLabel, setHeatLabel] = useState(0);
  const [outline, setOutline] = useState(false);
  const query = useQuery({
    queryKey: ["image-view", imageId],
    queryFn: async () => {
      const image = await api.image(imageId);
      const frame = await loadFrame(await api.frame(image.frame_url));
      const consensus = await api.consensus(imageId).catch(() => ({ image_id: imageId, labels: [] }));
      const masks = await decodeMasks(consensus.labels, frame);
      return { image, frame, consensus, masks };
    },
  });
  const probability = useQuery({
    queryKey: ["probability", imageId, heatLabel],
    enabled: heatLabel > 0,
    queryFn: async () => (await loadFrame(await (await raw("GET", api.probabilityUrl(imageId, heatLabel))).blob())).grey.data,
  });
  const layers = useMemo(
    () =>
      heatLabel > 0
        ? []
        : (query.data?.masks ?? []).map((m) => {
            const label = project.labels.find((l) => l.id === m.label);
            return { mask: m.mask, colour: label ? labelColour(label) : "#ffffff", outlineOnly: outline };
          }),
    [query.data, project.labels, outline, heatLabel],
  );
  return (
    <Remote query={query}>
      {({ image, frame, consensus }) => (
        <div className="image-view">
          <Picture frame={frame} layers={layers} probability={heatLabel > 0 ? (probability.data ?? null) : null} label={t("images.alt", { name: image.name || image.id })} />
          <div className="stack">
            <section className="card">
              <h2 className="break">{image.name || short(image.id)}</h2>
              <dl className="facts">
                <dt>{t("images.size")}</dt>
                <dd>
                  {image.width} × {image.height}
                </dd>
                <dt>{t("images.modality")}</dt>
                <dd>{image.modality || "–"}</dd>
                <dt>{t("images.group")}</dt>
                <dd className="break">{image.group}</dd>
                <dt>{t("images.spacing")}</dt>
                <dd>{image.spacing ? t("images.mm", { row: number(image.spacing[0], i18n.language, 2), column: number(image.spacing[1], i18n.language, 2) }) : "–"}</dd>
              </dl>
              {can("lab", project.id) && (
                <Link className="button button-plain" to={`/lab/${project.id}/gold/${image.id}`}>
                  <Icon name="star" /> {t("images.makeGold")}
                </Link>
              )}
            </section>
            <section className="card">
              <h2>{t("images.consensus")}</h2>
              {consensus.labels.length === 0 && <p className="soft">{t("images.noConsensus")}</p>}
              {consensus.labels.map((c) => {
                const label = project.labels.find((l) => l.id === c.label_id);
                return (
                  <div key={c.label_id} className="consensus-row">
                    <h3>
                      <span className="swatch" style={{ background: label ? labelColour(label) : undefined }} /> {label?.name} <Badge tone={c.status === "accepted" ? "good" : c.status === "review" ? "warn" : "info"}>{t(`consensus.${c.status}`)}</Badge>
                    </h3>
                    <p className="fine">
                      {t("images.agreement", { agreement: percent(c.agreement, i18n.language), dice: c.predicted_dice === null ? "–" : percent(c.predicted_dice, i18n.language), count: c.submissions.length, method: c.method, version: c.version })}
                    </p>
                  </div>
                );
              })}
              {consensus.labels.length > 0 && (
                <>
                  <Select label={t("images.overlay")} value={heatLabel} onChange={(e) => setHeatLabel(Number(e.target.value))}>
                    <option value={0}>{t("images.overlayMasks")}</option>
                    {consensus.labels.map((c) => (
                      <option key={c.label_id} value={c.label_id}>
                        {t("images.overlayHeat", { name: project.labels.find((l) => l.id === c.label_id)?.name ?? c.label_id })}
                      </option>
                    ))}
                  </Select>
                  {heatLabel === 0 ? (
                    <Check label={t("command.outline")} checked={outline} onChange={setOutline} />
                  ) : (
                    <p className="ramp">
                      <span>0 %</span>
                      <span className="ramp-bar" />
                      <span>100 %</span>
                    </p>
                  )}
                  <details>
                    <summary>{t("history.title")}</summary>
                    <ConsensusHistory image={image.id} />
                  </details>
                </>
              )}
            </section>
          </div>
        </div>
      )}
    </Remote>
  );
}
