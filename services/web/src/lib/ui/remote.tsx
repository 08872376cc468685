import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, OfflineError } from "~/client/http";
import { Button, Loading, Notice } from "./kit";
import { generalOf, inWords, sentenceOf } from "./problems";

/** Whether a request failed because the server, or a part of it, is away for now: nothing that the person could mend. */
export const isAway = (error: unknown): boolean => error instanceof OfflineError || (error instanceof ApiError && error.status >= 502);

/** A sentence for the person in their language, by the problem's code; where that says too little, with the server's own words. */
export function useErrorText(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  return (error) => {
    if (error instanceof OfflineError) return t("error.offline");
    if (error instanceof ApiError) {
      const known = sentenceOf(error, i18n.language);
      if (known) return t(known.key, known.values);
      return inWords(t(generalOf(error), { status: error.status }), error.problem.detail, { t, language: i18n.language });
    }
    return t("error.unexpected");
  };
}

/** Loading, failure with "try again", or the data; `missing` in their place where the server does not know what was asked for. */
export function Remote<T>({ query, children, missing }: { query: UseQueryResult<T>; children: (data: T) => ReactNode; missing?: ReactNode }) {
  const { t } = useTranslation();
  const text = useErrorText();
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (missing !== undefined && query.error instanceof ApiError && query.error.status === 404) return <>{missing}</>;
  if (query.isError)
    return (
      <Notice tone="bad">
        <p dir="auto">{text(query.error)}</p>
        <Button onClick={() => void query.refetch()}>{t("common.again")}</Button>
      </Notice>
    );
  return <Loading />;
}

export function Failure({ error }: { error: unknown }) {
  const text = useErrorText();
  // The server's own words may run the other way than the page.
  return error ? (
    <Notice tone="bad">
      <bdi>{text(error)}</bdi>
    </Notice>
  ) : null;
}
