import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "~/client/api";
import { bytes } from "~/lib/ui/format";
import { Icon } from "~/lib/ui/icons";
import { Button, Check, Empty, Field, Notice, Table } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { When } from "~/lib/ui/When";
import { useProject } from "./useProject";

const SOURCES = ["real", "consensus", "synthetic"] as const;
const FORMATS = ["coco", "nifti", "nnunet", "huggingface"] as const;

export function Datasets() {
  const { t, i18n } = useTranslation();
  const project = useProject();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [include, setInclude] = useState<readonly string[]>(SOURCES);
  const [formats, setFormats] = useState<readonly string[]>(["coco"]);
  const [licence, setLicence] = useState("");
  const [consent, setConsent] = useState("");
  const [split, setSplit] = useState({ train: 70, val: 10, test: 20 });
  const query = useQuery({ queryKey: ["datasets", project.id], queryFn: () => api.datasets(project.id) });
  const publish = useMutation({
    mutationFn: () => api.publish(project.id, { name, include, split: { train: split.train / 100, val: split.val / 100, test: split.test / 100 }, seed: 0, formats: ["png", ...formats], licence, consent }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs", project.id] }),
  });
  const total = split.train + split.val + split.test;
  const submit = (e: { preventDefault: () => void }) => {
    e.preventDefault();
    publish.mutate();
  };
  return (
    <div className="stack">
      <form className="card form" onSubmit={submit}>
        <h2>{t("datasets.publish")}</h2>
        <p className="soft">{t("datasets.text")}</p>
        <Field label={t("datasets.name")} required maxLength={120} value={name} onChange={(e) => setName(e.target.value)} />
        <fieldset className="row">
          <legend>{t("datasets.include")}</legend>
          {SOURCES.map((s) => (
            <Check key={s} label={t(`source.${s}`)} checked={include.includes(s)} onChange={(on) => setInclude(on ? [...include, s] : include.filter((x) => x !== s))} />
          ))}
        </fieldset>
        <fieldset className="row">
          <legend>{t("datasets.formats")}</legend>
          {FORMATS.map((f) => (
            <Check key={f} label={t(`format.${f}`)} checked={formats.includes(f)} onChange={(on) => setFormats(on ? [...formats, f] : formats.filter((x) => x !== f))} />
          ))}
        </fieldset>
        <Field label={t("datasets.licence")} hint={t("datasets.licenceHint")} maxLength={2000} value={licence} onChange={(e) => setLicence(e.target.value)} />
        <Field label={t("datasets.consent")} hint={t("datasets.consentHint")} maxLength={2000} value={consent} onChange={(e) => setConsent(e.target.value)} />
        <fieldset className="row">
          <legend>{t("datasets.split")}</legend>
          {(["train", "val", "test"] as const).map((k) => (
            <Field key={k} label={t(`split.${k}`)} type="number" min={0} max={100} value={split[k]} onChange={(e) => setSplit({ ...split, [k]: Number(e.target.value) })} />
          ))}
        </fieldset>
        {total !== 100 && <p className="field-error">{t("datasets.sum", { total })}</p>}
        <Failure error={publish.error} />
        {publish.isSuccess && (
          <Notice tone="good">
            {t("datasets.started")} <Link to={`/lab/${project.id}/jobs`}>{t("lab.tab.jobs")}</Link>
          </Notice>
        )}
        <Button variant="primary" type="submit" busy={publish.isPending} disabled={total !== 100 || include.length === 0}>
          {t("datasets.publish")}
        </Button>
      </form>
      <Remote query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="download" title={t("datasets.none")} />
          ) : (
            <Table caption={t("lab.tab.datasets")} head={[t("datasets.name"), t("datasets.version"), t("datasets.when"), t("datasets.items"), t("images.size"), ""]}>
              {items.map((d) => (
                <tr key={d.id}>
                  <td>{d.name}</td>
                  <td>{d.version}</td>
                  <td><When at={d.created_at} /></td>
                  <td>{summary(d.counts)}</td>
                  <td>{bytes(d.size_bytes, i18n.language)}</td>
                  <td>
                    <a className="button button-plain" href={api.datasetUrl(d.id)} download>
                      <Icon name="download" /> {t("datasets.download")}
                    </a>
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

/** The plain numbers among a dataset's counts: "consensus 40, synthetic 32". */
export function summary(counts: Record<string, unknown>): string {
  return Object.entries(counts)
    .filter((e): e is [string, number] => typeof e[1] === "number")
    .map(([k, v]) => `${k.replaceAll("_", " ")} ${v}`)
    .join(", ");
}
