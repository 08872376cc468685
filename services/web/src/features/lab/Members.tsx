import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { Role } from "~/client/types";
import { Badge, Button, Field, IconButton, Select, Table } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { When } from "~/lib/ui/When";
import { useProject } from "./useProject";

export function Members() {
  const { t } = useTranslation();
  const project = useProject();
  const client = useQueryClient();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("expert");
  const query = useQuery({ queryKey: ["members", project.id], queryFn: () => api.members(project.id) });
  const refresh = () => client.invalidateQueries({ queryKey: ["members", project.id] });
  const add = useMutation({ mutationFn: () => api.addMember(project.id, email, role), onSuccess: () => (setEmail(""), refresh()) });
  const remove = useMutation({ mutationFn: (u: string) => api.removeMember(project.id, u), onSuccess: refresh });
  const submit = (e: { preventDefault: () => void }) => {
    e.preventDefault();
    add.mutate();
  };
  return (
    <div className="stack">
      <form className="card row end" onSubmit={submit}>
        <Field label={t("auth.email")} type="email" required value={email} onChange={(e) => setEmail(e.target.value)} />
        <Select label={t("account.role")} value={role} onChange={(e) => setRole(e.target.value as Role)}>
          {(["volunteer", "expert", "lab"] as const).map((r) => (
            <option key={r} value={r}>
              {t(`role.${r}`)}
            </option>
          ))}
        </Select>
        <Button variant="primary" type="submit" icon="plus" busy={add.isPending}>
          {t("members.add")}
        </Button>
      </form>
      <Failure error={add.error ?? remove.error} />
      <Remote query={query}>
        {({ items }) => (
          <Table caption={t("lab.tab.members")} head={[t("auth.name"), t("account.role"), t("members.since"), ""]}>
            {items.map((m) => (
              <tr key={m.user_id}>
                <td>{m.display_name}</td>
                <td>
                  <Badge>{t(`role.${m.role}`)}</Badge>
                </td>
                <td><When at={m.added_at} /></td>
                <td>
                  <IconButton icon="trash" className="small" label={t("members.remove", { name: m.display_name })} onClick={() => remove.mutate(m.user_id)} />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Remote>
    </div>
  );
}
