import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { NavLink, Route, Routes } from "react-router";
import { api } from "~/client/api";
import type { Role } from "~/client/types";
import { useSession } from "~/lib/session/session";
import { short } from "~/lib/ui/format";
import { Badge, Button, Empty, Loading, Table } from "~/lib/ui/kit";
import { NotFound } from "~/lib/ui/NotFound";
import { Failure, Remote } from "~/lib/ui/remote";
import { Tabs } from "~/lib/ui/Tabs";
import { When } from "~/lib/ui/When";

export default function OperatorPage() {
  const { t } = useTranslation();
  const { can, loading, ask } = useSession();
  if (loading) return <Loading />;
  if (!can("operator"))
    return (
      <Empty heading icon="lock" title={t("operator.only")}>
        <Button onClick={() => void ask("login")}>{t("account.login")}</Button>
      </Empty>
    );
  return (
    <div className="page wide">
      <h1>{t("nav.operator")}</h1>
      <Tabs label={t("lab.sections")}>
        <NavLink end to="/operator">
          {t("operator.users")}
        </NavLink>
        <NavLink to="/operator/dead-letters">{t("operator.dead")}</NavLink>
        <NavLink to="/operator/audit">{t("operator.audit")}</NavLink>
      </Tabs>
      <Routes>
        <Route index element={<UsersTable />} />
        <Route path="dead-letters" element={<DeadLetters />} />
        <Route path="audit" element={<Audit />} />
        <Route path="*" element={<NotFound inside to="/operator" label={t("operator.users")} />} />
      </Routes>
    </div>
  );
}

const ROLES: Role[] = ["volunteer", "expert", "lab", "operator"];

function UsersTable() {
  const { t } = useTranslation();
  const { me } = useSession();
  const client = useQueryClient();
  const query = useInfiniteQuery({ queryKey: ["users"], queryFn: ({ pageParam }) => api.users({ cursor: pageParam, limit: 50 }), initialPageParam: null as string | null, getNextPageParam: (p) => p.next });
  const patch = useMutation({ mutationFn: ({ id, ...body }: { id: string; role?: Role; disabled?: boolean }) => api.patchUser(id, body), onSuccess: () => client.invalidateQueries({ queryKey: ["users"] }) });
  const users = query.data?.pages.flatMap((p) => p.items) ?? [];
  if (query.isPending) return <Loading />;
  return (
    <>
      <Failure error={query.error ?? patch.error} />
      <Table caption={t("operator.users")} head={[t("auth.name"), t("auth.email"), t("account.role"), t("operator.created"), ""]}>
        {users.map((u) => (
          <tr key={u.id}>
            <td>
              {u.display_name} {u.is_guest && <Badge>{t("account.guest")}</Badge>}
            </td>
            <td className="break">{u.email ?? "–"}</td>
            <td>
              <select aria-label={t("operator.roleOf", { name: u.display_name })} value={u.role} disabled={u.id === me?.id || u.is_guest} onChange={(e) => patch.mutate({ id: u.id, role: e.target.value as Role })}>
                {ROLES.map((r) => (
                  <option key={r} value={r}>
                    {t(`role.${r}`)}
                  </option>
                ))}
              </select>
            </td>
            <td><When at={u.created_at} /></td>
            <td>
              <Button variant={u.disabled ? "plain" : "danger"} disabled={u.id === me?.id} onClick={() => patch.mutate({ id: u.id, disabled: !u.disabled })}>
                {u.disabled ? t("operator.enable") : t("operator.disable")}
              </Button>
            </td>
          </tr>
        ))}
      </Table>
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t("common.more")}
        </Button>
      )}
    </>
  );
}

function DeadLetters() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const query = useQuery({ queryKey: ["dead-letters"], queryFn: api.deadLetters, refetchInterval: 15_000 });
  const replay = useMutation({ mutationFn: api.replay, onSuccess: () => client.invalidateQueries({ queryKey: ["dead-letters"] }) });
  return (
    <Remote query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty icon="check" title={t("operator.noDead")} />
        ) : (
          <>
            <Failure error={replay.error} />
            <Table caption={t("operator.dead")} head={[t("operator.service"), t("operator.topic"), t("operator.error"), t("operator.when"), ""]}>
              {items.map((d) => (
                <tr key={d.id}>
                  <td>{d.service}</td>
                  <td>
                    <code>{d.topic}</code>
                  </td>
                  <td className="break">{d.error}</td>
                  <td><When at={d.created_at} /></td>
                  <td>
                    {d.replayed_at ? (
                      <Badge tone="good">{t("operator.replayed")}</Badge>
                    ) : (
                      <Button busy={replay.isPending && replay.variables === d.id} onClick={() => replay.mutate(d.id)}>
                        {t("operator.replay")}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </Table>
          </>
        )
      }
    </Remote>
  );
}

function Audit() {
  const { t } = useTranslation();
  const query = useInfiniteQuery({ queryKey: ["audit"], queryFn: ({ pageParam }) => api.audit(undefined, { cursor: pageParam, limit: 100 }), initialPageParam: null as string | null, getNextPageParam: (p) => p.next });
  if (query.isPending) return <Loading />;
  const entries = query.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <>
      <Failure error={query.error} />
      <Table caption={t("operator.audit")} head={[t("operator.when"), t("operator.who"), t("operator.what"), t("operator.target"), t("operator.status")]}>
        {entries.map((e) => (
          <tr key={e.id}>
            <td><When at={e.at} /></td>
            <td>
              <code title={e.account_id}>{short(e.account_id)}</code>
            </td>
            <td>{e.action}</td>
            <td className="break">{e.target ?? "–"}</td>
            <td>{e.status}</td>
          </tr>
        ))}
      </Table>
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t("common.more")}
        </Button>
      )}
    </>
  );
}
