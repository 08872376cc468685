import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, createContext, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { api } from "~/client/api";
import { ApiError, hasCsrf, onMissing, onMissingCsrf, setCsrf } from "~/client/http";
import type { Me, Role } from "~/client/types";
import { kept } from "~/lib/journal/kept";
import { leaveDevice } from "~/lib/journal/leave";

/** Why the dialog is open: to begin as a rater, to log in, to keep a guest's work, after the session ran out, for new consent. */
export type AuthReason = "start" | "login" | "register" | "expired" | "consent";

interface Session {
  me: Me | null;
  loading: boolean;
  /** True when `me` has at least this role, in the project if one is named. */
  can: (role: Role, project?: string) => boolean;
  /** Opens the dialog and resolves to the person, or null where it was closed. */
  ask: (reason: AuthReason) => Promise<Me | null>;
  logout: () => Promise<void>;
  dialog: AuthReason | null;
  settle: (me: Me | null) => void;
}

const Context = createContext<Session | null>(null);
const RANK: Record<Role, number> = { volunteer: 0, expert: 1, lab: 2, operator: 3 };
export const ME_KEY = ["me"] as const;

export async function fetchMe(): Promise<Me | null> {
  try {
    // Without a line, whoever was here last goes on; the token stays with the session and never goes to the disk.
    const me = await kept("me", api.me, (m) => ({ ...m, csrf_token: "" }));
    if (me.csrf_token) setCsrf(me.csrf_token);
    else onMissingCsrf(async () => (await api.me()).csrf_token);
    return me;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const query = useQuery({ queryKey: ME_KEY, queryFn: fetchMe, staleTime: 5 * 60_000, retry: (n) => navigator.onLine && n < 1 });
  const [dialog, setDialog] = useState<AuthReason | null>(null);
  const waiting = useRef<((me: Me | null) => void)[]>([]);
  const me = query.data ?? null;

  const ask = useCallback((reason: AuthReason) => {
    setDialog((open) => open ?? reason);
    return new Promise<Me | null>((resolve) => waiting.current.push(resolve));
  }, []);

  const settle = useCallback(
    (next: Me | null) => {
      if (next) {
        setCsrf(next.csrf_token);
        const before = client.getQueryData<Me | null>(ME_KEY);
        client.setQueryData(ME_KEY, next);
        // Another person now: nothing that the one before saw may stay on the screen.
        if (before?.id !== next.id) void client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== "me" });
      }
      setDialog(null);
      for (const resolve of waiting.current.splice(0)) resolve(next);
    },
    [client],
  );

  useEffect(() => {
    onMissing(async (missing) => (await ask(missing === "consent" ? "consent" : client.getQueryData<Me | null>(ME_KEY) ? "expired" : "login")) !== null);
    return () => onMissing(null);
  }, [ask, client]);

  useEffect(() => {
    const back = (): void => {
      if (!hasCsrf() && client.getQueryData<Me | null>(ME_KEY)) void client.invalidateQueries({ queryKey: ME_KEY });
    };
    window.addEventListener("online", back);
    return () => window.removeEventListener("online", back);
  }, [client]);

  const logout = useCallback(async () => {
    const who = client.getQueryData<Me | null>(ME_KEY)?.id ?? "";
    await leaveDevice(who, api.giveBack, api.logout);
    onMissingCsrf(null);
    setCsrf("");
    client.setQueryData(ME_KEY, null);
    client.removeQueries({ predicate: (q) => q.queryKey[0] !== "me" });
  }, [client]);

  const value = useMemo<Session>(
    () => ({
      me,
      loading: query.isPending,
      can: (role, project) => {
        if (!me) return false;
        if (RANK[me.role] >= RANK[role]) return true;
        return project !== undefined && RANK[me.memberships[project] ?? "volunteer"] >= RANK[role];
      },
      ask,
      logout,
      dialog,
      settle,
    }),
    [me, query.isPending, ask, logout, dialog, settle],
  );
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("useSession outside of SessionProvider");
  return session;
}
