import { useTranslation } from "react-i18next";
import { date } from "./format";

/** A moment in the reader's way, in one piece; a dash where there is none. */
export function When({ at }: { at: string | null | undefined }) {
  const { i18n } = useTranslation();
  const text = date(at, i18n.language);
  return at ? (
    <time className="when" dateTime={at}>
      {text}
    </time>
  ) : (
    <>{text}</>
  );
}
