import { useTranslation } from "react-i18next";
import type { BadgeCode, MyStats } from "~/client/types";
import { date } from "~/lib/ui/format";
import { Icon, type IconName } from "~/lib/ui/icons";

const ICONS: Record<BadgeCode, IconName> = { first: "brush", practised: "star", ten: "layers", watchful: "comment", steady: "shield", sharp: "point", hundred: "spark", seen_through: "eye" };

/** What was earned, and what there is to earn: nothing here can be lost. */
export function Badges({ earned }: { earned: MyStats["badges"] }) {
  const { t, i18n } = useTranslation();
  const when = new Map(earned.map((b) => [b.code, b.earned_at]));
  return (
    <section className="card">
      <h2>{t("badges.title")}</h2>
      <ul className="badges">
        {(Object.keys(ICONS) as BadgeCode[]).map((code) => {
          const at = when.get(code);
          return (
            <li key={code} data-earned={at !== undefined}>
              <Icon name={ICONS[code]} size={26} />
              <div>
                <strong>{t(`badges.${code}.name`)}</strong>
                <p className="fine">{t(`badges.${code}.how`)}</p>
                <p className="fine badge-state">{at ? t("badges.earned", { date: date(at, i18n.language) }) : t("badges.open")}</p>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
