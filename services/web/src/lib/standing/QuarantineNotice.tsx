import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "~/client/api";
import { Notice } from "~/lib/ui/kit";

/** Tells somebody whose answers hardly count for now that it is so, and where the way out begins; nothing for everybody else. */
export function QuarantineNotice({ project }: { project: string }) {
  const { t } = useTranslation();
  // Nobody waits for it, and without a connection nothing is said.
  const { data } = useQuery({ queryKey: ["quarantine", project], queryFn: () => api.quarantine(project), staleTime: 60_000, retry: false });
  if (!data || data.label_ids.length === 0) return null;
  return (
    <Notice>
      <strong>{t("again.title")}</strong> <Link to={`/projects/${project}/practice`}>{t("again.go")}</Link>
    </Notice>
  );
}
