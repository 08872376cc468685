import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import { ApiError } from "~/client/http";
import type { Me } from "~/client/types";
import { type AuthReason, useSession } from "~/lib/session/session";
import { Button, Check, Dialog, Field, Notice } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { ConsentText } from "./ConsentText";

type Mode = "start" | "login" | "register" | "consent";

const FIRST: Record<AuthReason, Mode> = { start: "start", login: "login", register: "register", expired: "login", consent: "consent" };

/** One dialog for everything that makes a person known. It lies over the page, so that a drawing below it stays. */
export function AuthDialog() {
  const { dialog } = useSession();
  return dialog && <OpenDialog key={dialog} reason={dialog} />;
}

function OpenDialog({ reason }: { reason: AuthReason }) {
  const { settle, me } = useSession();
  const { t } = useTranslation();
  // A guest has no password to log in with: the way back is a new guest or an account.
  const [mode, setMode] = useState<Mode>(reason === "expired" && me?.is_guest ? "start" : FIRST[reason]);
  return (
    <Dialog open onClose={() => settle(null)} title={t(`auth.title.${mode}`)}>
      {reason === "expired" && <Notice tone="warn">{t("auth.expired")}</Notice>}
      {mode === "login" && <LoginForm onDone={settle} email={me?.email ?? ""} />}
      {mode === "register" && <RegisterForm onDone={settle} />}
      {(mode === "start" || mode === "consent") && <ConsentForm mode={mode} onDone={settle} />}
      <p className="dialog-switch">
        {mode !== "login" && mode !== "consent" && (
          <Button variant="quiet" onClick={() => setMode("login")}>
            {t("auth.haveAccount")}
          </Button>
        )}
        {mode !== "register" && mode !== "consent" && (
          <Button variant="quiet" onClick={() => setMode("register")}>
            {t("auth.create")}
          </Button>
        )}
        {mode !== "start" && mode !== "consent" && !me && (
          <Button variant="quiet" onClick={() => setMode("start")}>
            {t("auth.asGuest")}
          </Button>
        )}
      </p>
    </Dialog>
  );
}

function useConsent() {
  return useQuery({ queryKey: ["consent"], queryFn: api.consent, staleTime: 60_000 });
}

/** The text changed between being read and being agreed to: the new one has to be shown. */
const isOld = (error: unknown): boolean => error instanceof ApiError && error.code === "consent-version";

function ConsentForm({ mode, onDone }: { mode: "start" | "consent"; onDone: (me: Me) => void }) {
  const { t } = useTranslation();
  const consent = useConsent();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const agree = async (version: string) => {
    setBusy(true);
    setError(null);
    try {
      onDone(mode === "consent" ? await api.agree(version) : await api.guest(version));
    } catch (e) {
      if (isOld(e)) await consent.refetch();
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Remote query={consent}>
      {(c) => (
        <>
          <ConsentText consent={c} framed />
          <Failure error={error} />
          <Button variant="primary" icon="check" className="wide" busy={busy} onClick={() => void agree(c.version)}>
            {mode === "consent" ? t("auth.agree") : t("auth.agreeGuest")}
          </Button>
          <p className="fine">{t("auth.version", { version: c.version })}</p>
        </>
      )}
    </Remote>
  );
}

function LoginForm({ onDone, email: known }: { onDone: (me: Me) => void; email: string }) {
  const { t } = useTranslation();
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: { preventDefault: () => void }) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onDone(await api.login(email, password));
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="form" onSubmit={(e) => void submit(e)}>
      <Field label={t("auth.email")} type="email" autoComplete="username" required value={email} onChange={(e) => setEmail(e.target.value)} />
      <Field label={t("auth.password")} type="password" autoComplete="current-password" required value={password} onChange={(e) => setPassword(e.target.value)} />
      <Failure error={error} />
      <Button variant="primary" type="submit" className="wide" busy={busy}>
        {t("account.login")}
      </Button>
    </form>
  );
}

function RegisterForm({ onDone }: { onDone: (me: Me) => void }) {
  const { t } = useTranslation();
  const { me } = useSession();
  const consent = useConsent();
  const [form, setForm] = useState({ display_name: "", email: "", password: "" });
  const [agreed, setAgreed] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const set = (key: keyof typeof form) => (e: { target: { value: string } }) => setForm({ ...form, [key]: e.target.value });
  const submit = async (event: { preventDefault: () => void }, version: string) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onDone(await api.register({ ...form, consent_version: version }));
    } catch (e) {
      if (isOld(e)) {
        setAgreed(false);
        await consent.refetch();
      }
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Remote query={consent}>
      {(c) => (
        <form className="form" onSubmit={(e) => void submit(e, c.version)}>
          {me?.is_guest && <Notice tone="good">{t("auth.guestKept")}</Notice>}
          <Field label={t("auth.name")} autoComplete="nickname" required maxLength={80} value={form.display_name} onChange={set("display_name")} hint={t("auth.nameHint")} />
          <Field label={t("auth.email")} type="email" autoComplete="email" required value={form.email} onChange={set("email")} />
          <Field label={t("auth.password")} type="password" autoComplete="new-password" required minLength={10} value={form.password} onChange={set("password")} hint={t("auth.passwordHint")} />
          <details className="consent-details">
            <summary>{t("auth.readConsent", { version: c.version })}</summary>
            <ConsentText consent={c} />
          </details>
          <Check label={t("auth.iAgree")} checked={agreed} onChange={setAgreed} />
          <Failure error={error} />
          <Button variant="primary" type="submit" className="wide" busy={busy} disabled={!agreed}>
            {t("auth.create")}
          </Button>
        </form>
      )}
    </Remote>
  );
}
