import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { Me } from "~/client/types";
import { useSession } from "~/lib/session/session";
import { Button, Check, Field, Notice } from "~/lib/ui/kit";
import { Failure } from "~/lib/ui/remote";

/** The name others may see, and whether they may see it on a leaderboard. */
export function ProfileForm({ me }: { me: Me }) {
  const { t } = useTranslation();
  const { settle } = useSession();
  const [name, setName] = useState(me.display_name);
  const save = useMutation({ mutationFn: api.changeMe, onSuccess: settle });
  return (
    <section className="card">
      <h2>{t("profile.title")}</h2>
      <form
        className="form"
        onSubmit={(e) => {
          e.preventDefault();
          save.mutate({ display_name: name });
        }}
      >
        <Field label={t("auth.name")} hint={t("auth.nameHint")} required maxLength={80} value={name} autoComplete="nickname" onChange={(e) => setName(e.target.value)} />
        <div className="row">
          <Button type="submit" busy={save.isPending} disabled={name === me.display_name || name.trim() === ""}>
            {t("common.save")}
          </Button>
        </div>
        <Check label={t("board.opt")} checked={me.leaderboard} disabled={save.isPending} onChange={(leaderboard) => save.mutate({ leaderboard })} />
        <p className="field-hint">{t("board.optHint")}</p>
        <Failure error={save.error} />
        {save.isSuccess && <Notice tone="good">{t("common.saved")}</Notice>}
      </form>
    </section>
  );
}
