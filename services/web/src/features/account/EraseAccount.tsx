import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api } from "~/client/api";
import { setCsrf } from "~/client/http";
import { ME_KEY } from "~/lib/session/session";
import { Button, Dialog, Field } from "~/lib/ui/kit";
import { Failure } from "~/lib/ui/remote";

/** The way out: the person is gone at once and for good, the drawings stay under a number that leads to nobody. */
export function EraseAccount({ guest }: { guest: boolean }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [sure, setSure] = useState(false);
  const [password, setPassword] = useState("");
  const erase = useMutation({
    mutationFn: () => api.erase(guest ? undefined : password),
    onSuccess: async () => {
      setCsrf("");
      client.clear();
      client.setQueryData(ME_KEY, null);
      await navigate("/");
    },
  });
  return (
    <section className="card">
      <h2>{t("erase.title")}</h2>
      <p className="soft">{t("erase.text")}</p>
      <Button variant="danger" icon="trash" onClick={() => setSure(true)}>
        {t("erase.button")}
      </Button>
      <Dialog open={sure} onClose={() => setSure(false)} title={t("erase.title")}>
        <form
          className="form"
          onSubmit={(e) => {
            e.preventDefault();
            erase.mutate();
          }}
        >
          <p>{t("erase.sure")}</p>
          {!guest && <Field label={t("auth.password")} type="password" required autoComplete="current-password" value={password} onChange={(e) => setPassword(e.target.value)} />}
          <Failure error={erase.error} />
          <Button variant="danger" type="submit" icon="trash" busy={erase.isPending}>
            {t("erase.yes")}
          </Button>
        </form>
      </Dialog>
    </section>
  );
}
