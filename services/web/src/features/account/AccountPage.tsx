import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { CHOICES, breakAfter, setBreakAfter } from "~/lib/calm/calm";
import { useSession } from "~/lib/session/session";
import { Badge, Button, Empty, Loading, Notice, Select } from "~/lib/ui/kit";
import { Failure } from "~/lib/ui/remote";
import { EraseAccount } from "./EraseAccount";
import { PasswordForm } from "./PasswordForm";
import { ProfileForm } from "./ProfileForm";

export default function AccountPage() {
  const { t } = useTranslation();
  const { me, loading, ask, logout } = useSession();
  const navigate = useNavigate();
  const leave = useMutation({ mutationFn: logout, onSuccess: () => navigate("/") });
  if (loading) return <Loading />;
  if (!me)
    return (
      <Empty heading icon="user" title={t("account.none")}>
        <Button variant="primary" onClick={() => void ask("login")}>
          {t("account.login")}
        </Button>
      </Empty>
    );
  return (
    <div className="page narrow">
      <h1>{t("account.title")}</h1>
      <section className="card stack">
        <dl className="facts">
          <dt>{t("auth.name")}</dt>
          <dd>{me.display_name}</dd>
          <dt>{t("auth.email")}</dt>
          <dd className="break">{me.email ?? "–"}</dd>
          <dt>{t("account.role")}</dt>
          <dd>
            <Badge>{t(`role.${me.role}`)}</Badge> {me.is_guest && <Badge tone="warn">{t("account.guest")}</Badge>}
          </dd>
          <dt>{t("account.consent")}</dt>
          <dd>{me.consent_version ?? "–"}</dd>
        </dl>
        {!me.consent_current && (
          <Notice tone="warn">
            <p>{t("account.consentChanged")}</p>
            <Button onClick={() => void ask("consent")}>{t("account.readConsent")}</Button>
          </Notice>
        )}
        {me.is_guest && (
          <Notice>
            <p>{t("account.guestNote")}</p>
            <Button variant="primary" onClick={() => void ask("register")}>
              {t("auth.create")}
            </Button>
          </Notice>
        )}
        <Failure error={leave.error} />
        <Button icon="lock" busy={leave.isPending} onClick={() => leave.mutate()}>
          {t("account.logout")}
        </Button>
      </section>
      {!me.is_guest && <ProfileForm key={me.id} me={me} />}
      <Calm />
      {!me.is_guest && <PasswordForm />}
      <EraseAccount guest={me.is_guest} />
    </div>
  );
}

/** Kept on this device, as the tools' settings are. */
function Calm() {
  const { t } = useTranslation();
  const [minutes, setMinutes] = useState(breakAfter);
  return (
    <section className="card">
      <h2>{t("calm.title")}</h2>
      <Select
        label={t("calm.label")}
        hint={t("calm.hint")}
        value={minutes}
        onChange={(e) => {
          const n = Number(e.target.value);
          setBreakAfter(n);
          setMinutes(n);
        }}
      >
        {CHOICES.map((n) => (
          <option key={n} value={n}>
            {n === 0 ? t("calm.never") : t("calm.minutes", { count: n })}
          </option>
        ))}
      </Select>
    </section>
  );
}
