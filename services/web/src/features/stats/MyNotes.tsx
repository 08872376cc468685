import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import { When } from "~/lib/ui/When";
import { Badge } from "~/lib/ui/kit";

/** What one told labs, with their replies. Nothing is shown to those who told nothing. */
export function MyNotes({ rater }: { rater: string }) {
  const { t } = useTranslation();
  const query = useQuery({ queryKey: ["my-notes", rater], queryFn: () => api.myNotes({ limit: 20 }) });
  const items = query.data?.items.filter((n) => n.kind !== "skip" || n.reply) ?? [];
  if (items.length === 0) return null;
  return (
    <section className="card">
      <h2>{t("notes.mine")}</h2>
      <ul className="my-notes">
        {items.map((n) => (
          <li key={n.id}>
            <img src={`/api/v1/images/${n.image_id}/thumbnail`} alt="" width={64} height={64} loading="lazy" />
            <div>
              <p>
                <Badge>{t(`notes.kind.${n.kind}`)}</Badge> <span className="fine"><When at={n.created_at} /></span>
              </p>
              {n.text && <p>{n.text}</p>}
              {n.reply ? <p className="reply">{t("notes.reply", { text: n.reply })}</p> : <p className="fine">{n.resolved_at ? t("notes.seen") : t("notes.waiting")}</p>}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
