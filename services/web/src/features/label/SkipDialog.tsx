import { useTranslation } from "react-i18next";
import { Button, Dialog } from "~/lib/ui/kit";

const REASONS = ["unclear", "bad_image", "too_hard", "other"] as const;

export function SkipDialog({ open, onClose, onSkip }: { open: boolean; onClose: () => void; onSkip: (reason: string) => void }) {
  const { t } = useTranslation();
  return (
    <Dialog open={open} onClose={onClose} title={t("skip.title")}>
      <p className="soft">{t("skip.text")}</p>
      <div className="stack">
        {REASONS.map((r) => (
          <Button key={r} className="wide" onClick={() => onSkip(r)}>
            {t(`skip.${r}`)}
          </Button>
        ))}
      </div>
    </Dialog>
  );
}
