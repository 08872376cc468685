import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { UploadResult } from "~/client/types";
import { bytes } from "~/lib/ui/format";
import { Icon } from "~/lib/ui/icons";
import { Badge, Button, Field, Progress, Table } from "~/lib/ui/kit";
import { inWords } from "~/lib/ui/problems";
import { useErrorText } from "~/lib/ui/remote";

interface Item {
  key: string;
  file: File;
  share: number;
  state: "waiting" | "sending" | "stored" | "duplicate" | "rejected" | "failed";
  reason: string;
  images: number;
}

const AT_ONCE = 3;

/** One request a file, three at a time: each has its own progress and its own reason, and one bad file stops no other. */
export function Upload({ project }: { project: string }) {
  const { t, i18n } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [items, setItems] = useState<Item[]>([]);
  const [group, setGroup] = useState("");
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  const change = (key: string, part: Partial<Item>) => setItems((all) => all.map((i) => (i.key === key ? { ...i, ...part } : i)));

  const refused = (r: UploadResult): string => {
    const code = (r.code ?? "").replaceAll("-", "_");
    return inWords(t(`refusedFile.${code}`, { defaultValue: t("upload.rejected") }), r.reason ?? undefined, { t, language: i18n.language });
  };
  const sendOne = async (item: Item) => {
    change(item.key, { state: "sending" });
    try {
      const report = await api.upload(project, [item.file], group, (share) => change(item.key, { share }));
      const { state, reason } = sum(report.results, refused);
      change(item.key, { state, reason, share: 1, images: report.results.reduce((n, r) => n + r.image_ids.length, 0) });
    } catch (error) {
      change(item.key, { state: "failed", reason: errorText(error) });
    }
  };

  const add = async (files: FileList | null) => {
    if (!files || files.length === 0) return;
    const fresh: Item[] = Array.from(files, (file) => ({ key: crypto.randomUUID(), file, share: 0, state: "waiting", reason: "", images: 0 }));
    setItems((all) => [...fresh, ...all]);
    const todo = [...fresh];
    const worker = async () => {
      for (let item = todo.shift(); item; item = todo.shift()) await sendOne(item);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    for (const key of ["images", "project"]) void client.invalidateQueries({ queryKey: [key, project] });
    void client.invalidateQueries({ queryKey: ["projects"] });
  };

  const tone = { waiting: "info", sending: "info", stored: "good", duplicate: "info", rejected: "bad", failed: "bad" } as const;
  return (
    <section className="card">
      <h2>{t("images.upload")}</h2>
      <Field label={t("images.group")} hint={t("images.groupHint")} maxLength={200} value={group} onChange={(e) => setGroup(e.target.value)} />
      <div
        className="drop"
        data-over={over}
        onDragOver={(e) => {
          e.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(e) => {
          e.preventDefault();
          setOver(false);
          void add(e.dataTransfer.files);
        }}
      >
        <Icon name="upload" size={32} />
        <p>{t("images.drop")}</p>
        <p className="fine">{t("images.formats")}</p>
        <Button variant="primary" onClick={() => input.current?.click()}>
          {t("images.choose")}
        </Button>
        <input
          ref={input}
          type="file"
          multiple
          className="sr-only"
          aria-label={t("images.choose")}
          tabIndex={-1}
          onChange={(e) => {
            void add(e.target.files);
            e.target.value = "";
          }}
        />
      </div>
      {items.length > 0 && (
        <Table caption={t("images.uploads")} head={[t("images.file"), t("images.size"), t("images.state"), t("images.note")]}>
          {items.map((i) => (
            <tr key={i.key}>
              <td className="break">{i.file.name}</td>
              <td>{bytes(i.file.size, i18n.language)}</td>
              <td>{i.state === "sending" ? <Progress value={i.share} label={i.file.name} /> : <Badge tone={tone[i.state]}>{t(`upload.${i.state}`)}</Badge>}</td>
              <td>{i.reason || (i.images > 0 ? t("images.frames", { count: i.images }) : "")}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

/** A ZIP's results as one line: stored if anything was, with the reasons of those that were not. */
export function sum(results: UploadResult[], words: (refused: UploadResult) => string): { state: "stored" | "duplicate" | "rejected"; reason: string } {
  const rejected = results.filter((r) => r.status === "rejected");
  const state = results.some((r) => r.status === "stored") ? "stored" : rejected.length > 0 ? "rejected" : "duplicate";
  const reason = rejected.map((r) => (results.length > 1 ? `${r.name}: ${words(r)}` : words(r))).join(" · ");
  return { state, reason };
}
