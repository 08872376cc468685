import { useTranslation } from "react-i18next";
import { Link, useLocation, useNavigate } from "react-router";
import { Icon } from "./icons";
import { Button, Empty } from "./kit";

/** An address that no page answers to: what was asked for, and two ways out. `inside` where the page has a heading already. */
export function NotFound({ to = "/", label, inside = false }: { to?: string; label?: string; inside?: boolean }) {
  const { t } = useTranslation();
  const { pathname, key } = useLocation();
  const navigate = useNavigate();
  return (
    <Empty heading={!inside} icon="help" title={t("error.noPage")}>
      <p className="soft break">{t("error.noPageText", { path: pathname })}</p>
      <div className="row">
        {/* The first page of a visit has nothing behind it. */}
        {key !== "default" && (
          <Button icon="back" onClick={() => void navigate(-1)}>
            {t("error.back")}
          </Button>
        )}
        <Link className="button button-primary" to={to}>
          {label ?? t("error.home")} <Icon name="arrow" />
        </Link>
      </div>
    </Empty>
  );
}
