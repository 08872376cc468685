import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "~/lib/ui/icons";
import { Button } from "~/lib/ui/kit";
import { ALONG, type Ahead, useReady } from "./useAhead";

/** Work for the train: twenty images on the device, and the rest given back afterwards. */
export function Along({ ahead, project, rater }: { ahead: Ahead; project: string; rater: string }) {
  const { t } = useTranslation();
  const count = useReady(project, rater);
  const [failed, setFailed] = useState(false);
  const set = (on: boolean): void => {
    setFailed(false);
    ahead.setAlong(on).catch(() => setFailed(true));
  };
  return (
    <details className="say-more" open={ahead.along}>
      <summary>
        <Icon name="cloudOff" /> {t("along.title")}
      </summary>
      <p className="soft">{t("along.text", { count: ALONG })}</p>
      {(ahead.along || ahead.working) && (
        <p role="status">
          {t("along.state", { count })} {ahead.working && t("along.loading")}
        </p>
      )}
      {failed && <p role="status">{t("along.failed")}</p>}
      <Button icon={ahead.along ? "back" : "cloudOff"} onClick={() => set(!ahead.along)}>
        {ahead.along ? t("along.back") : t("along.take", { count: ALONG })}
      </Button>
    </details>
  );
}
