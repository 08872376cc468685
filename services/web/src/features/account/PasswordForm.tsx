import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import { useSession } from "~/lib/session/session";
import { Button, Field, Notice } from "~/lib/ui/kit";
import { Failure } from "~/lib/ui/remote";

export function PasswordForm() {
  const { t } = useTranslation();
  const { settle } = useSession();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const save = useMutation({
    mutationFn: () => api.changePassword(current, next),
    onSuccess: (me) => {
      settle(me);
      setCurrent("");
      setNext("");
    },
  });
  return (
    <details className="card">
      <summary>{t("password.title")}</summary>
      <form
        className="form"
        onSubmit={(e) => {
          e.preventDefault();
          save.mutate();
        }}
      >
        <Field label={t("password.current")} type="password" required autoComplete="current-password" value={current} onChange={(e) => setCurrent(e.target.value)} />
        <Field label={t("password.next")} hint={t("auth.passwordHint")} type="password" required minLength={10} autoComplete="new-password" value={next} onChange={(e) => setNext(e.target.value)} />
        <Failure error={save.error} />
        {save.isSuccess && <Notice tone="good">{t("password.done")}</Notice>}
        <div className="row">
          <Button type="submit" busy={save.isPending}>
            {t("password.title")}
          </Button>
        </div>
      </form>
    </details>
  );
}
