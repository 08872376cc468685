import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import { Button, Notice } from "~/lib/ui/kit";
import { Failure } from "~/lib/ui/remote";

/** "This looks wrong" reaches the lab at once, whatever becomes of the answer. */
export function FlagImage({ project, image }: { project: string; image: string }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const send = useMutation({ mutationFn: () => api.note(project, image, "wrong", text.trim()) });
  if (send.isSuccess) return <Notice tone="good">{t("flagImage.sent")}</Notice>;
  if (!open)
    return (
      <Button icon="warning" variant="quiet" onClick={() => setOpen(true)}>
        {t("flagImage.open")}
      </Button>
    );
  return (
    <form
      className="form"
      onSubmit={(e) => {
        e.preventDefault();
        send.mutate();
      }}
    >
      <div className="field">
        <label htmlFor="flag-text">{t("flagImage.what")}</label>
        <textarea id="flag-text" rows={2} maxLength={2000} value={text} onChange={(e) => setText(e.target.value)} />
      </div>
      <Failure error={send.error} />
      <Button type="submit" icon="warning" busy={send.isPending}>
        {t("flagImage.send")}
      </Button>
    </form>
  );
}
