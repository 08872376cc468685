import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink, Outlet } from "react-router";
import { LANGUAGES, isLanguage, setLanguage } from "~/lib/i18n";
import { useSession } from "~/lib/session/session";
import { Icon } from "~/lib/ui/icons";
import { Button, Loading } from "~/lib/ui/kit";

export function Shell() {
  const { t, i18n } = useTranslation();
  const { me, can, ask } = useSession();
  const lab = can("lab") || Object.values(me?.memberships ?? {}).some((r) => r !== "volunteer");
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        {t("nav.toContent")}
      </a>
      <header className="topbar">
        <Link to="/" className="brand">
          <img src="/bramble.svg" alt="" width="30" height="30" />
          <span>Bramble</span>
        </Link>
        <nav aria-label={t("nav.main")}>
          <NavLink to="/projects">{t("nav.projects")}</NavLink>
          {me && <NavLink to="/me">{t("nav.stats")}</NavLink>}
          {lab && <NavLink to="/lab">{t("nav.lab")}</NavLink>}
          {can("operator") && <NavLink to="/operator">{t("nav.operator")}</NavLink>}
        </nav>
        <div className="topbar-end">
          <label className="language">
            <Icon name="globe" />
            <span className="sr-only">{t("nav.language")}</span>
            <select value={i18n.language} onChange={(e) => isLanguage(e.target.value) && void setLanguage(e.target.value)}>
              {Object.entries(LANGUAGES).map(([code, name]) => (
                <option key={code} value={code} lang={code}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          {me ? (
            <Link to="/account" className="button button-quiet" title={me.display_name} aria-label={t("nav.account", { name: me.display_name })}>
              <Icon name="user" />
              <span className="account-name">{me.is_guest ? t("account.guest") : me.display_name}</span>
            </Link>
          ) : (
            <Button variant="quiet" icon="user" onClick={() => void ask("login")}>
              {t("account.login")}
            </Button>
          )}
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      <footer className="footer">
        <p>{t("footer.purpose")}</p>
      </footer>
    </div>
  );
}
