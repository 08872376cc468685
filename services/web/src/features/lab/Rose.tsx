import { useTranslation } from "react-i18next";
import type { Rater, Side } from "~/client/types";
import { number } from "~/lib/ui/format";

const NAMES = ["right", "upperRight", "up", "upperLeft", "left", "lowerLeft", "down", "lowerRight"] as const;
/** Pixels of the image at which a side reaches its full length; beyond, it is cut. */
const FULL = 6;
const RING = 20;

/** The object as a ring, and how far a rater's outline lies outside or inside of it on each side; only what is sure is filled. */
export function Rose({ bias }: { bias: NonNullable<Rater["labels"][number]["bias"]> }) {
  const { t, i18n } = useTranslation();
  const sides = bias.sides.map((side, k) => ({ side, name: NAMES[k] ?? "right", angle: (k * Math.PI) / 4 }));
  if (!bias.whole || sides.every(({ side }) => side === null)) return null;
  // Rounded first: "-0" is nothing that anybody should read.
  const px = (value: number) => number(Math.round(10 * value) / 10 + 0, i18n.language, 1);
  const sure = sides.filter(({ side }) => side !== null && isSure(side));
  const said = sure.map(({ side, name }) => t("rose.side", { side: t(`rose.${name}`), px: px(side?.mean ?? 0) })).join(", ");
  const label = t("rose.alt", { whole: px(bias.whole.mean), low: px(bias.whole.low), high: px(bias.whole.high), sides: said || t("rose.none") });
  return (
    <svg className="rose" viewBox="-40 -40 80 80" role="img" aria-label={label}>
      <title>{label}</title>
      <circle r={RING} className="rose-ring" />
      {sides.map(({ side, name, angle }) => side && <path key={name} d={wedge(angle, side.mean)} className={`rose-side ${side.mean > 0 ? "rose-over" : "rose-under"} ${isSure(side) ? "rose-sure" : ""}`} />)}
    </svg>
  );
}

const isSure = (side: Side): boolean => side.low > 0 || side.high < 0;

/** The part between the ring and where the outline lies, an eighth of the way round. Rows go down, so "up" is negative. */
function wedge(angle: number, mean: number): string {
  const outer = RING + (Math.max(-FULL, Math.min(FULL, mean)) / FULL) * (RING - 2);
  const half = Math.PI / 8 - 0.05;
  const at = (r: number, a: number) => `${(r * Math.cos(a)).toFixed(2)} ${(-r * Math.sin(a)).toFixed(2)}`;
  return `M ${at(RING, angle - half)} A ${RING} ${RING} 0 0 0 ${at(RING, angle + half)} L ${at(outer, angle + half)} A ${outer.toFixed(2)} ${outer.toFixed(2)} 0 0 1 ${at(outer, angle - half)} Z`;
}
