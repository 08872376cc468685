import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import { When } from "~/lib/ui/When";
import { Badge } from "~/lib/ui/kit";
import { Remote } from "~/lib/ui/remote";

/** Who decided what on an image, and why: the platform's decisions, experts' words and the versions, newest first. */
export function ConsensusHistory({ image }: { image: string }) {
  const { t } = useTranslation();
  const query = useQuery({ queryKey: ["history", image], queryFn: () => api.consensusHistory(image) });
  return (
    <Remote query={query}>
      {({ versions, decisions, reviews }) => {
        const lines = [
          ...versions.map((v) => ({ at: v.created_at, what: t("history.version", { version: v.version, method: v.method, count: v.submissions }), tone: "info" as const, name: v.by_expert ? t("history.expert") : t("history.merged") })),
          ...decisions.map((d) => ({ at: d.created_at, what: d.why, tone: d.decision === "enough" ? ("good" as const) : ("warn" as const), name: t(`overlap.${d.decision}`) })),
          ...reviews.map((r) => ({ at: r.created_at, what: r.comment, tone: "good" as const, name: t(`history.${r.decision}`) })),
        ].sort((a, b) => (a.at < b.at ? 1 : -1));
        return (
          <ol className="history">
            {lines.map((l, k) => (
              <li key={k}>
                <Badge tone={l.tone}>{l.name}</Badge> <When at={l.at} /> <span className="fine">{l.what}</span>
              </li>
            ))}
          </ol>
        );
      }}
    </Remote>
  );
}
