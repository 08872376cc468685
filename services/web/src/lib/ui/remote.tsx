import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, OfflineError } from "~/client/http";
import { Button, Loading, Notice } from "./kit";

/** Whether a request failed because the server, or a part of it, is away for now: nothing that the person could mend. */
export const isAway = (error: unknown): boolean => error instanceof OfflineError || (error instanceof ApiError && error.status >= 502);

/** A sentence for the person: the server's own where it has one. */
export function useErrorText(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (error instanceof OfflineError) return t("error.offline");
    if (error instanceof ApiError) {
      if (error.problem.detail) return error.problem.detail;
      if (error.status === 403) return t("error.forbidden");
      if (error.status === 404) return t("error.notFound");
      return t("error.server", { status: error.status });
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
        <p>{text(query.error)}</p>
        <Button onClick={() => void query.refetch()}>{t("common.again")}</Button>
      </Notice>
    );
  return <Loading />;
}

export function Failure({ error }: { error: unknown }) {
  const text = useErrorText();
  return error ? <Notice tone="bad">{text(error)}</Notice> : null;
}
