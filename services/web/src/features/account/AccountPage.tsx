import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useSession } from "~/lib/session/session";
import { Badge, Button, Empty, Loading, Notice } from "~/lib/ui/kit";

export default function AccountPage() {
  const { t } = useTranslation();
  const { me, loading, ask, logout } = useSession();
  const navigate = useNavigate();
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
      <section className="card">
        <dl className="facts">
          <dt>{t("auth.name")}</dt>
          <dd>{me.display_name}</dd>
          <dt>{t("auth.email")}</dt>
          <dd>{me.email ?? "–"}</dd>
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
        <Button icon="lock" onClick={() => void logout().then(() => navigate("/"))}>
          {t("account.logout")}
        </Button>
      </section>
    </div>
  );
}
