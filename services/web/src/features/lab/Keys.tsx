import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "~/client/api";
import { Badge, Button, Check, Empty, Field, Notice, Table } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { When } from "~/lib/ui/When";

const SCOPES = ["read", "write", "admin"] as const;

export function Keys() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly string[]>(["read", "write"]);
  const query = useQuery({ queryKey: ["keys"], queryFn: api.keys });
  const refresh = () => client.invalidateQueries({ queryKey: ["keys"] });
  const create = useMutation({ mutationFn: () => api.createKey(name, [...scopes]), onSuccess: () => (setName(""), refresh()) });
  const revoke = useMutation({ mutationFn: api.revokeKey, onSuccess: refresh });
  const submit = (e: { preventDefault: () => void }) => {
    e.preventDefault();
    create.mutate();
  };
  return (
    <div className="page">
      <p className="crumb">
        <Link to="/lab">{t("lab.title")}</Link>
      </p>
      <h1>{t("lab.keys")}</h1>
      <p className="soft">{t("keysPage.text")}</p>
      <form className="card form" onSubmit={submit}>
        <h2>{t("keysPage.new")}</h2>
        <Field label={t("keysPage.name")} required maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />
        <fieldset className="row">
          <legend>{t("keysPage.scopes")}</legend>
          {SCOPES.map((s) => (
            <Check key={s} label={t(`scope.${s}`)} checked={scopes.includes(s)} onChange={(on) => setScopes(on ? [...scopes, s] : scopes.filter((x) => x !== s))} />
          ))}
        </fieldset>
        <Button variant="primary" type="submit" icon="plus" busy={create.isPending} disabled={scopes.length === 0}>
          {t("keysPage.create")}
        </Button>
      </form>
      <Failure error={create.error ?? revoke.error} />
      {create.data?.secret && (
        <Notice tone="good">
          <p>{t("keysPage.once")}</p>
          <code className="secret">{create.data.secret}</code>
          <Button onClick={() => void navigator.clipboard.writeText(create.data.secret ?? "")}>{t("keysPage.copy")}</Button>
        </Notice>
      )}
      <Remote query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="lock" title={t("keysPage.none")} />
          ) : (
            <Table caption={t("lab.keys")} head={[t("keysPage.name"), t("keysPage.prefix"), t("keysPage.scopes"), t("keysPage.used"), ""]}>
              {items.map((k) => (
                <tr key={k.id}>
                  <td>{k.name}</td>
                  <td>
                    <code>{k.prefix}</code>
                  </td>
                  <td>{k.scopes.map((s) => t(`scope.${s}`)).join(", ")}</td>
                  <td><When at={k.last_used_at} /></td>
                  <td>
                    {k.revoked_at ? (
                      <Badge tone="warn">{t("keysPage.revoked")}</Badge>
                    ) : (
                      <Button variant="danger" onClick={() => revoke.mutate(k.id)}>
                        {t("keysPage.revoke")}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Remote>
    </div>
  );
}
