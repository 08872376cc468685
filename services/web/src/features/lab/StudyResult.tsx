import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { StudyComparison, StudyFound } from "~/client/types";
import { fixed } from "~/lib/ui/format";
import { Icon } from "~/lib/ui/icons";
import { Badge, Table } from "~/lib/ui/kit";
import { Remote } from "~/lib/ui/remote";
import { gain, verdict, worthWords } from "./study";

/** What a succeeded study found, fetched once it is opened: a study's result is long, and a page of them would be longer. */
export function StudyResult({ job, open }: { job: string; open: boolean }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(open);
  const query = useQuery({ queryKey: ["job", job], queryFn: () => api.job(job), enabled: asked, staleTime: Infinity });
  return (
    <details className="study" open={open} onToggle={(e) => e.currentTarget.open && setAsked(true)}>
      <summary>{t("study.found")}</summary>
      {asked && <Remote query={query}>{({ result }) => result && <Found job={job} found={result as unknown as StudyFound} />}</Remote>}
    </details>
  );
}

/** Which part of the data helped, what more of it would bring, and the way to the whole report. */
export function Found({ job, found }: { job: string; found: StudyFound }) {
  const { t, i18n } = useTranslation();
  const dice = found.comparisons.filter((c) => c.measure === "dice");
  const worth = found.worth ?? [];
  const bases = [...new Set([...dice, ...worth].map((r) => r.base))].sort((a, b) => a - b);
  return (
    <>
      {bases.length === 0 && <p className="soft">{t("study.nothing")}</p>}
      {bases.map((base) => {
        const here = dice.filter((c) => c.base === base);
        return (
          <section key={base}>
            <h4>{t("study.base", { count: base })}</h4>
            <Arms caption={`${t("study.parts")}, ${t("study.base", { count: base })}`} against={t("study.againstBase")} rows={here.filter((c) => c.baseline === "base")} />
            {/* Compared with an arm that has all but the synthetic images: the generator's part, apart from the crowd's. */}
            <Arms caption={`${t("study.without")}, ${t("study.base", { count: base })}`} against={t("study.againstWithout")} rows={here.filter((c) => c.baseline !== "base")} />
            <ul className="worth" aria-label={t("study.more")}>
              {worth
                .filter((w) => w.base === base)
                .map((w) => (
                  <li key={w.what}>
                    <Verdict word={w.verdict} /> {worthWords(w, t, i18n.language)}
                  </li>
                ))}
            </ul>
          </section>
        );
      })}
      <p className="fine">{worth.length > 0 ? t("study.rule") : t("study.noWorth")}</p>
      {found.notes.length > 0 && <p className="fine">{t("study.missing")}</p>}
      {found.report_key && (
        <a className="button button-plain" href={api.reportUrl(job)} download>
          <Icon name="download" /> {t("study.report")}
        </a>
      )}
    </>
  );
}

function Arms({ caption, against, rows }: { caption: string; against: string; rows: StudyComparison[] }) {
  const { t, i18n } = useTranslation();
  if (rows.length === 0) return null;
  return (
    <Table caption={caption} head={[t("study.trainedOn"), t("study.verdict"), against, t("study.dice")]}>
      {rows.map((c) => (
        <tr key={c.arm}>
          <th scope="row">{t(`arm.${c.arm}`, { defaultValue: c.arm })}</th>
          <td>
            <Verdict word={c.verdict} />
          </td>
          <td>{gain(c, t, i18n.language)}</td>
          <td>{fixed(c.value, i18n.language, 3)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Verdict({ word }: { word: string }) {
  const { t } = useTranslation();
  const { key, tone } = verdict(word);
  return <Badge tone={tone}>{t(`verdict.${key}`)}</Badge>;
}
