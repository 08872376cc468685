import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "~/client/api";
import type { Note, NoteKind } from "~/client/types";
import { short } from "~/lib/ui/format";
import { When } from "~/lib/ui/When";
import { Badge, Button, Empty, Loading, Select, TextArea, type Tone } from "~/lib/ui/kit";
import { Failure } from "~/lib/ui/remote";
import { useProject } from "./useProject";

const TONES: Record<NoteKind, Tone> = { comment: "info", unsure: "warn", wrong: "bad", skip: "info" };
const REASONS: readonly string[] = ["unclear", "bad_image", "too_hard", "other"];

/** What raters told the lab about images: doubts, comments, "this looks wrong", why they skipped. */
export function Notes() {
  const { t } = useTranslation();
  const project = useProject();
  const [status, setStatus] = useState<"open" | "resolved">("open");
  const query = useInfiniteQuery({
    queryKey: ["notes", project.id, status],
    queryFn: ({ pageParam }) => api.notes(project.id, { cursor: pageParam, limit: 30, status }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const items = query.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <div className="stack">
      <div className="row end">
        <Select label={t("notes.show")} value={status} onChange={(e) => setStatus(e.target.value === "open" ? "open" : "resolved")}>
          <option value="open">{t("notes.open")}</option>
          <option value="resolved">{t("notes.resolved")}</option>
        </Select>
      </div>
      <Failure error={query.error} />
      {query.isPending ? (
        <Loading />
      ) : items.length === 0 ? (
        <Empty icon="comment" title={t("notes.none")} />
      ) : (
        <ul className="notes">
          {items.map((n) => (
            <NoteCard key={n.id} note={n} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t("common.more")}
        </Button>
      )}
    </div>
  );
}

function NoteCard({ note }: { note: Note }) {
  const { t } = useTranslation();
  const project = useProject();
  const client = useQueryClient();
  const [reply, setReply] = useState(note.reply);
  const [writing, setWriting] = useState(false);
  const answer = useMutation({
    mutationFn: (body: { resolved?: boolean; reply?: string }) => api.answerNote(project.id, note.id, body),
    onSuccess: () => client.invalidateQueries({ queryKey: ["notes", project.id] }),
  });
  const text = note.kind === "skip" && REASONS.includes(note.text) ? t(`skip.${note.text}`) : note.text;
  return (
    <li className="card note">
      <Link to={`/lab/${project.id}/images/${note.image_id}`} aria-label={t("notes.image")}>
        <img src={`/api/v1/images/${note.image_id}/thumbnail`} alt="" width={96} height={96} loading="lazy" />
      </Link>
      <div className="stack">
        <p className="row tight">
          <Badge tone={TONES[note.kind]}>{t(`notes.kind.${note.kind}`)}</Badge>
          <span className="fine"><When at={note.created_at} /></span>
          <code title={note.rater_id}>{short(note.rater_id)}</code>
        </p>
        {text && <p className="break">{text}</p>}
        {note.reply && !writing && <p className="reply">{t("notes.replied", { text: note.reply })}</p>}
        {writing && <TextArea label={t("notes.yourReply")} rows={2} maxLength={2000} value={reply} onChange={(e) => setReply(e.target.value)} />}
        <Failure error={answer.error} />
        <div className="row tight">
          {writing ? (
            <Button variant="primary" busy={answer.isPending} onClick={() => answer.mutate({ reply: reply.trim(), resolved: true }, { onSuccess: () => setWriting(false) })}>
              {t("notes.sendReply")}
            </Button>
          ) : (
            <>
              <Button icon="check" busy={answer.isPending} onClick={() => answer.mutate({ resolved: note.resolved_at === null })}>
                {note.resolved_at === null ? t("notes.resolve") : t("notes.reopen")}
              </Button>
              <Button variant="quiet" icon="comment" onClick={() => setWriting(true)}>
                {t("notes.write")}
              </Button>
            </>
          )}
        </div>
      </div>
    </li>
  );
}
