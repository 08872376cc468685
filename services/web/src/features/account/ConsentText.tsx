import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Consent } from "~/client/types";
import { Button, Loading } from "~/lib/ui/kit";
import { Markdown } from "~/lib/ui/Markdown";
import { translation } from "./consent";

/** The consent in the person's language where it has been translated, with a way to the original; else the original. */
export function ConsentText({ consent, framed = false }: { consent: Consent; framed?: boolean }) {
  const { t, i18n } = useTranslation();
  const [original, setOriginal] = useState(false);
  const { version, text } = consent;
  const own = useQuery({ queryKey: ["consent-text", version, text, i18n.language], queryFn: () => translation(version, text, i18n.language), staleTime: Infinity, retry: false });
  if (own.isPending) return <Loading />;
  // A translation that can't be fetched must not keep anybody out.
  const translated = own.data ?? null;
  const shown = translated && !original ? <Markdown text={translated} /> : <div lang="en"><Markdown text={text} /></div>;
  return (
    <>
      {framed ? (
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- long text that scrolls must be reachable by keyboard
        <div className="consent-text" tabIndex={0} role="region" aria-label={t("auth.consentText")}>
          {shown}
        </div>
      ) : (
        shown
      )}
      {translated && (
        <p className="fine row tight">
          {!original && t("auth.translated")}
          <Button variant="quiet" onClick={() => setOriginal(!original)}>
            {original ? t("auth.translation") : t("auth.original")}
          </Button>
        </p>
      )}
    </>
  );
}
